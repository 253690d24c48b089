"""The training loop: AdamW on fp32 weights, clipping, schedules, accumulation, logging, checkpoints."""

import math
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from telepathy.config.methods import Training
from telepathy.data.rows import Item
from telepathy.errors import UserError
from telepathy.models.frozen import FrozenLM
from telepathy.progress import progress
from telepathy.provenance import code_sha256
from telepathy.training import checkpoint
from telepathy.training.order import rows_of
from telepathy.training.parallel import Team

CHECKPOINT_SECONDS = 30.0


class Interrupted(Exception):
    """The run was asked to stop (SIGTERM or SIGUSR1) and has saved its state."""


@contextmanager
def plain_ends(run: str) -> Iterator[None]:
    """Let a stage end as a person expects when its training was interrupted (status 143) or diverged (one line)."""
    try:
        yield
    except Interrupted as stopped:
        print(f"{run}: {stopped}", file=sys.stderr)
        raise SystemExit(143) from None
    except FloatingPointError as error:
        raise UserError(f"{run}: training diverged ({error}); lower `lr` or raise `warmup`") from None


def rate(step: int, plan: Training) -> float:
    """Learning rate of a step counted from 0: linear warm-up, then constant or cosine to 0."""
    if step < plan.warmup:
        return plan.lr * (step + 1) / plan.warmup
    if plan.schedule == "constant":
        return plan.lr
    done = (step - plan.warmup) / max(1, plan.steps - plan.warmup)
    return plan.lr * 0.5 * (1 + math.cos(math.pi * done))


def validation_steps(plan: Training) -> set[int]:
    """Steps (counted from 1) after which validation rows are scored: evenly spaced, the last included."""
    return {round(plan.steps * part / plan.validations) for part in range(1, plan.validations + 1)}


class Trainable(Protocol):
    """What the loop needs of an objective, whatever is trained: a bridge, a soft prompt, adapters."""

    receiver: FrozenLM
    team: Team

    @property
    def weights(self) -> dict[str, float]:
        """Weights of the loss terms."""
        ...

    def terms(self, module: Any, items: Sequence[Item]) -> tuple[dict[str, Tensor], Tensor | None]:
        """Unweighted loss terms of a batch; and the soft tokens, if there are any."""
        ...

    def total(self, terms: dict[str, Tensor]) -> Tensor:
        """Their weighted sum."""
        ...


def train(
    bridge: nn.Module,
    objective: Trainable,
    plan: Training,
    items: Sequence[Item],
    seed: int,
    saved: Path,
    validate: Callable[[nn.Module], dict[str, Any]],
) -> list[dict[str, Any]]:
    """Train a bridge in place; with `ema` it ends with its averaged weights.

    Args:
        bridge: what is trained, at its initial weights, on the receiver's device.
        objective: loss terms.
        plan: optimiser, schedule and budget.
        items: training rows.
        seed: seed of the row order.
        saved: checkpoint file; if it is there the run goes on from it.
        validate: scores validation rows with a bridge (the averaged one, if the recipe averages); its entries go
            into the log.

    Returns:
        The log, one entry a step.

    Raises:
        Interrupted: after SIGTERM or SIGUSR1, with the state saved.
        FloatingPointError: the loss is no longer finite.
    """
    if not plan.steps:
        return []
    optimizer = torch.optim.AdamW(bridge.parameters(), lr=plan.lr, weight_decay=plan.weight_decay)
    average = AveragedModel(bridge, multi_avg_fn=get_ema_multi_avg_fn(plan.ema)) if plan.ema else None
    made_by = code_sha256("telepathy.train")
    step, log = checkpoint.load(saved, bridge, optimizer, average, made_by)
    team = objective.team
    wanted = validation_steps(plan)
    last_saved = time.monotonic()
    with _stop_requests() as stop, progress("train", total=plan.steps, initial=step, unit="step") as bar:
        while step < plan.steps:
            entry = _step(bridge, objective, plan, items, optimizer, seed, step)
            step += 1
            if average is not None:
                average.update_parameters(bridge)
            if step in wanted:
                current = bridge if average is None else average.module
                entry |= team.once(lambda current=current: validate(current))
            log.append(entry)
            bar.set_postfix(loss=f"{entry['loss']:.3f}", refresh=False)
            bar.update()
            due = time.monotonic() - last_saved > CHECKPOINT_SECONDS
            stopping = team.any(bool(stop))
            if team.first and (stopping or (due and step < plan.steps)):
                checkpoint.save(saved, bridge, optimizer, average, step, log, made_by)
                last_saved = time.monotonic()
            if stopping:
                team.wait()  # a process that ends takes the others with it, also while they write
                by = stop[0] if stop else "another process"
                raise Interrupted(f"stopped by {by} after step {step} of {plan.steps}; run again to go on")
    if average is not None:
        bridge.load_state_dict(average.module.state_dict())
    return log


def _step(
    bridge: nn.Module,
    objective: Trainable,
    plan: Training,
    items: Sequence[Item],
    optimizer: torch.optim.Optimizer,
    seed: int,
    step: int,
) -> dict[str, Any]:
    started = time.perf_counter()
    for group in optimizer.param_groups:
        group["lr"] = rate(step, plan)
    optimizer.zero_grad(set_to_none=True)
    # All chance of a step (dropout, a flow's noise and times) follows from the seed and the step alone.
    torch.manual_seed(seed * 1_000_003 + step)
    sums: dict[str, float] = {}
    powers: list[float] = []
    for part in range(plan.accumulation):
        chosen = rows_of(step * plan.accumulation + part, plan.batch, len(items), seed)
        terms, soft = objective.terms(bridge, [items[row] for row in chosen])
        (objective.total(terms) / plan.accumulation).backward()
        for name, term in terms.items():
            sums[name] = sums.get(name, 0.0) + term.item() / plan.accumulation
        if soft is not None:
            powers.append(soft.detach().float().pow(2).mean().item())
    objective.team.average(one.grad for one in bridge.parameters())
    sums = objective.team.mean(sums)
    norm = torch.nn.utils.clip_grad_norm_(bridge.parameters(), plan.clip).item()
    loss = sum(objective.weights[name] * value for name, value in sums.items())
    if not math.isfinite(loss) or not math.isfinite(norm):
        raise FloatingPointError(f"loss {loss} or gradient norm {norm} at step {step + 1} is not finite")
    optimizer.step()
    return {
        "step": step + 1,
        "loss": loss,
        "terms": sums,
        "grad_norm": norm,
        "lr": rate(step, plan),
        "soft_rms": math.sqrt(sum(powers) / len(powers)) if powers else None,
        "receiver_rms": objective.receiver.embedding_rms,
        "examples_per_second": round(plan.batch * plan.accumulation / (time.perf_counter() - started), 2),
    }


@contextmanager
def _stop_requests() -> Iterator[list[str]]:
    """A list that fills when the scheduler asks the run to stop; the loop looks at it after each step.

    Afterwards the signals mean what they meant before: an evaluation has nothing to save and should just end.
    """
    asked: list[str] = []
    before = {
        number: signal.signal(number, lambda got, frame: asked.append(signal.Signals(got).name))
        for number in (signal.SIGTERM, signal.SIGUSR1)
    }
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
