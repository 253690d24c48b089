"""What each job of a plan costs, estimated: time, memory of GPU and host, disk. The rules ask for resources by it.

No text was read and no step was run for it: tokens are the plan's (`Task.planned_tokens`), times follow from
`telepathy.machine`; without a GPU from measured times, where the project has them for that kind of work. No torch.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import ceil

from telepathy.effort import BATCH_ROWS, Effort
from telepathy.estimate import Times, read_times, run_seconds, test_rows, work
from telepathy.machine import CPU, GB, NF4_BYTES, Machine, Passes, Size, activations
from telepathy.plan import Plan, Spec, stage, task_of

BATCH_TOKENS, HEAD_ROWS, SHARD_TEXTS, SHARED_TOKENS = 4096, 64, 512, 1 << 16
"""Tokens of a batch in encoding, states of a chunk of logits, texts of a shard, tokens of shared beginnings."""
SOURCE_SHARE = 1 / 8
"""Share of a resampler's parameters that the source's tokens pass (keys and values); the others see soft tokens."""
TRAINED_BYTES = {"float32": 16, "bfloat16": 8}
"""Of a trained parameter: weight, gradient and the optimizer's two moments."""
HOST_GB, GPU_HOST_GB, GPU_GB = 0.7, 4.0, 1.5
"""Of a process: Python with all it imports; the same with CUDA; and what CUDA itself takes of a GPU."""
BLOCK_COPIES = 40
"""Numbers of a block's pass that live at once without a gradient, in widths of the model; feed-forward included."""
SAFETY, MEMORY_SAFETY = 3.0, 1.3
"""What is asked of a cluster, in estimates; a job that still runs out gets more at its next attempt."""
LEAST_MB, LEAST_MINUTES = 2000, 30
CPU_MINUTES = {"encode": 120, "calibrate": 30, "train": 240, "runs": 240}
"""Asked for at least where there is no GPU; for all others an hour."""


@dataclass(frozen=True)
class Job:
    """A job's estimated cost: seconds, GPUs it holds, GB of each GPU, of host memory, and of the disk that it fills."""

    rule: str
    name: str
    seconds: float
    gpus: int = 0
    gpu_gb: float = 0.0
    host_gb: float = HOST_GB
    disk_gb: float = 0.0
    measured: bool = False

    @property
    def memory_mb(self) -> int:
        """Host memory to ask for."""
        return max(LEAST_MB, 500 * ceil(self.host_gb * 1000 * MEMORY_SAFETY / 500))

    @property
    def minutes(self) -> int:
        """Time to ask for."""
        least = LEAST_MINUTES if self.gpus else CPU_MINUTES.get(self.rule, 60)
        return max(least, 10 * ceil(SAFETY * self.seconds / 600))


class Cost:
    """The costs of a plan's jobs, each estimated when it is first asked for.

    Attributes:
        plan: the plan.
        machine: assumptions; by default those of a GPU, or of two cores where the preset asks for no GPU.
    """

    def __init__(self, plan: Plan, machine: Machine | None = None, times: Times | None = None):
        self.plan = plan
        self.machine = machine or (Machine() if plan.config.hardware.gpus else CPU)
        self._go = Passes(self.machine)
        self._effort = Effort(plan, self._go)
        self._times = read_times() if times is None else times
        self._disk = plan.store_sizes()
        self._kept: dict[tuple[str, str], Job] = {}

    def jobs(self) -> Iterator[Job]:
        """All jobs; runs that share a process are counted as if each had its own."""
        yield from (self.model(key) for key in self.plan.models)
        yield from (self.data(key) for key in self.plan.data)
        yield from (self.store(key) for key in self.plan.states)
        yield from (self.calibration(key) for key in self.plan.calibrations)
        yield from (self.train(run) for run in self.plan.ids("trained"))
        yield from (self.evaluate(run) for run in self.plan.runs)

    def size(self, key: str, compute: str | None = None) -> Size:
        """The size of a planned model."""
        model = self.plan.config.models[key.rpartition("-")[0]]
        vocabulary = model.vocabulary or 0
        low = 2.0 if self.plan.config.hardware.gpus else 4.0
        each = {"float32": 4.0, "bfloat16": 2.0, "nf4": NF4_BYTES, "auto": low}[compute or self.plan.config.compute]
        guess = 12 * model.depth * model.width**2 + 2 * vocabulary * model.width
        return Size(model.title, model.parameters or guess, model.depth, model.width, vocabulary, each)

    def model(self, key: str) -> Job:
        """Fetch or convert a model."""
        source, size = self.plan.models[key]["source"], self.size(key)
        stored = 0.0 if source in ("local", "random") else size.parameters * 2 / GB
        fetched = stored / self.machine.download if source == "hub" else 0.0
        converted = 3 * size.parameters * 4 / GB if source == "wheel" else 0.0
        seconds = self.machine.start + fetched + stored / self.machine.read
        return Job("prepare_model", key, seconds, host_gb=HOST_GB + converted, disk_gb=stored)

    def data(self, key: str) -> Job:
        """Read and split a data set."""
        return Job("prepare_data", key, 4 * self.machine.start, host_gb=1.5)

    def store(self, key: str) -> Job:
        """Store hidden states: one pass over all texts, whatever the layers."""
        spec = self.plan.states[key]
        size, tokens = self.size(spec["model"]), self.plan.config.tasks[task_of(spec["data"])].planned_tokens
        disk = self._disk[key] / GB
        texts = sum((spec["take"] or self.plan.data[spec["data"]]["rows"]).values())
        # What is written is read again for its sha256.
        seconds = self._go.load(size) + 2 * disk / self.machine.read
        seconds += self._go.read(size, texts, tokens, max(1, BATCH_TOKENS // tokens))
        states = (size.depth + BLOCK_COPIES) * BATCH_TOKENS * size.width * max(2, size.bytes) / GB
        shard = 2 * SHARD_TEXTS * tokens * size.width * 2 * len(spec["layers"]) / GB
        return self._job("encode", key, seconds, [size], states, shard, disk)

    def calibration(self, key: str) -> Job:
        """Moments of states and of embeddings; the receiver is loaded in fp32."""
        spec = self.plan.calibrations[key]
        receiver = self.size(spec["receiver"], "float32")
        sender = [self.size(self.plan.live[spec["states"]]["model"])] if "live" in spec else []
        tokens = self.plan.config.tasks[task_of(spec["data"])].planned_tokens
        seconds = self._go.load(receiver, *sender) + sum(self._go.read(one, spec["rows"], tokens, 1) for one in sender)
        held = 3 * spec["rows"] * tokens * receiver.width * 8 / GB if spec["level"] == "token" else 0.0
        return self._job("calibrate", key, seconds, [receiver, *sender], 0.0, held)

    def train(self, run: str) -> Job:
        """Train a bridge, a soft prompt or adapters."""
        return self._once("train", run, self._train)

    def evaluate(self, run: str) -> Job:
        """Answer the test rows: of a trained run, of a baseline, or with another run's bridge."""
        return self._once("evaluate", run, self._evaluate)

    def group(self, ids: list[str]) -> Job:
        """Runs that share a process: the sum of their times, the most of their memories."""
        trained = [self.train(run) for run in ids if stage(self.plan.runs[run]) == "trained"]
        jobs = [*trained, *(self.evaluate(run) for run in ids)]
        most = max(jobs, key=lambda job: job.host_gb)
        seconds, disk = sum(job.seconds for job in jobs), sum(job.disk_gb for job in jobs)
        return replace(most, rule="runs", seconds=seconds, disk_gb=disk, gpu_gb=max(job.gpu_gb for job in jobs))

    def _train(self, run: str) -> Job:
        spec, hardware, go = self.plan.runs[run].spec, self.plan.config.hardware, self._go
        recipe, training, shape = spec["recipe"], spec["recipe"]["training"], self._effort.shape(run)
        models, source = self._models(spec), self._effort.tokens(run)
        receiver, sender = models["receiver"], models.get("sender")
        searched = len(training["search"]["lr"]) * training["search"]["share"] if training["search"] else 0
        steps = training["steps"] * training["accumulation"] * (1 + searched)
        batch = max(1, training["batch"] / hardware.processes)
        seen = (1 - SOURCE_SHARE) * shape.soft_tokens + SOURCE_SHARE * source
        step = go.bridge(shape.trained, shape.depth, batch, seen)
        kept = shape.trained * (TRAINED_BYTES[training["weights"]] + (4 if training["ema"] else 0))
        if recipe["kind"] != "bridge" or recipe["losses"]["lm"]:
            # Forward and backward to the inputs, perhaps forward again; no gradient of frozen weights.
            step += (3 if hardware.checkpointing else 2) * go.one(receiver, batch, shape.length)
            kept += activations(receiver, batch * shape.length, hardware.checkpointing)
        if shape.target:
            step += 2 * go.head(receiver, batch * shape.target)
            kept += 3 * 4 * HEAD_ROWS * receiver.vocabulary
        if sender:
            step += go.one(sender, batch, source)
        looked = test_rows(spec, self._rows(run)) - self._rows(run)["test"]
        seconds = go.load(*models.values()) + steps * step + self._effort.answers(run, looked, models)
        disk = shape.trained * TRAINED_BYTES[training["weights"]] / 4 / GB
        made = self._job("train", run, seconds, list(models.values()), kept / GB, 0.3, disk, hardware.gpus)
        return self._timed(run, made)

    def _evaluate(self, run: str) -> Job:
        spec, rows = self.plan.runs[run].spec, self._rows(run)
        recipe, shape, models = spec["recipe"], self._effort.shape(run), self._models(spec)
        kind = stage(self.plan.runs[run])
        seconds, held, answered = self._go.load(*models.values()), 0.1, rows["test"]
        if recipe["kind"] in ("linear_probe", "ridge_map"):
            width = self.plan.models[spec["models"]["sender"]]["width"]
            took, held = self._effort.fits(spec, rows, width)
            seconds += took
            answered += rows["validation"] * len(recipe["strengths"]) + (rows["train"] if "live" in spec else 0)
        elif recipe["kind"] == "logit_ensemble":
            answered += rows["validation"]
        seconds += self._effort.answers(run, answered, models)
        shared = min(SHARED_TOKENS, BATCH_ROWS * self._effort.beginning(run))
        tokens = shared + BATCH_ROWS * (shape.length + self._effort.written(spec))
        kept = tokens * max((self._go.keys(one) for one in models.values()), default=0.0)
        wide = max((one.width * max(2, one.bytes) for one in models.values()), default=0.0)
        kept += BLOCK_COPIES * BATCH_ROWS * max(shape.length, 1) * wide + 4 * shape.trained
        rule = "evaluate" if kind == "trained" else kind
        return self._timed(run, self._job(rule, run, seconds, list(models.values()), kept / GB, held))

    def _models(self, spec: Spec) -> dict[str, Size]:
        """The models that a run loads, by role: a stored state stands for a sender that only thinks."""
        silent = "states" in spec and "live" not in spec and spec["recipe"]["kind"] != "latency"
        return {role: self.size(key) for role, key in spec["models"].items() if not (silent and role == "sender")}

    def _rows(self, run: str) -> dict[str, int]:
        return dict(self.plan.config.use[self.plan.runs[run].task].rows.model_dump())

    def _once(self, rule: str, run: str, estimate: Callable[[str], Job]) -> Job:
        if (rule, run) not in self._kept:
            self._kept[rule, run] = estimate(run)
        return self._kept[rule, run]

    def _job(
        self,
        rule: str,
        name: str,
        seconds: float,
        models: list[Size],
        kept: float,
        held: float = 0.0,
        disk: float = 0.0,
        gpus: int | None = None,
    ) -> Job:
        """A job that holds models: on GPUs, and one at a time in host memory while it is loaded; or all in memory.

        Args:
            rule: of the job.
            name: of the job.
            seconds: it takes.
            models: it holds.
            kept: GB beside the weights, where the models are.
            held: GB of host memory beside all that.
            disk: GB.
            gpus: it asks for; as many as a copy of the models takes, if absent.
        """
        hardware = self.plan.config.hardware
        weights = sum(one.weights for one in models) / GB
        if not hardware.gpus:
            return Job(rule, name, seconds, host_gb=HOST_GB + weights + kept + held, disk_gb=disk)
        gpus = hardware.one_copy if gpus is None else gpus
        loading = max((one.parameters * max(2.0, one.bytes) / GB for one in models), default=0.0)
        gpu = GPU_GB + weights / hardware.split + kept if models else 0.0
        host = (GPU_HOST_GB + loading) * max(1, gpus // hardware.split) + held
        return Job(rule, name, seconds, gpus, gpu, host, disk)

    def _timed(self, run: str, job: Job) -> Job:
        """Without a GPU: by measured times (of one core), if its kind of work was ever measured."""
        spec, rows = self.plan.runs[run].spec, self._rows(run)
        took = run_seconds(spec, rows, self._times)
        if took is None or self.plan.config.hardware.gpus:
            return job
        tested = self._times[work(spec)]["test_row"] * rows["test"]
        return replace(job, seconds=took - tested if job.rule == "train" else tested, measured=True)
