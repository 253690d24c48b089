"""A frozen causal language model: loaded without gradients, read at any layer, scored on few head rows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoTokenizer, Cache
from transformers.modeling_layers import GradientCheckpointingLayer

from telepathy.device import compute_dtype
from telepathy.errors import fail
from telepathy.files import file_sha256, read_json
from telepathy.models.load import load_model
from telepathy.progress import quiet_libraries

quiet_libraries()

MADE_BY = "python -m telepathy.models.prepare"


class FrozenLM:
    """Any model that `AutoModelForCausalLM` takes, in evaluation mode.

    Attributes:
        model: the model; no parameter asks for a gradient.
        tokenizer: its tokenizer.
        width: hidden size d.
        depth: number of blocks.
        weights: sha256 of the weight files, by name.
    """

    def __init__(self, folder: Path, compute: str, device: torch.device):
        """Load a prepared folder.

        Args:
            folder: where `model.json` lies.
            compute: `auto`, `float32`, `bfloat16` or `nf4`.
            device: where to run; a GPU stands for all GPUs of this process.

        Raises:
            UserError: not prepared, or a file whose sha256 changed since.
        """
        facts = read_json(folder / "model.json", MADE_BY)
        home = folder / facts["folder"]
        for name, sha256 in facts["files"].items():
            if not (home / name).is_file() or file_sha256(home / name) != sha256:
                raise fail(home / name, "missing or changed (wrong sha256)", f"delete {folder} and run {MADE_BY}")
        self.weights = {name: sha for name, sha in facts["files"].items() if name.endswith(".safetensors")}
        self.dtype = compute_dtype(compute, device)
        self.width, self.depth = facts["width"], facts["depth"]
        self.tokenizer = tokenizer_of(folder)
        self._blocks: list[GradientCheckpointingLayer] = []
        self.model = load_model(home, facts["source"], compute, device)
        # Where texts go in and states come out; a model may lie on several GPUs, or on another one than the first.
        self.device = self.model.get_input_embeddings().weight.device
        # Greedy decoding is all we do; sampling settings that ship with a model would only raise warnings.
        for name in ("temperature", "top_p", "top_k"):
            setattr(self.model.generation_config, name, None)
        # On a CPU, a strided slice of bf16 states takes a path many times slower (benchmarks/head.py).
        self.model.get_output_embeddings().register_forward_pre_hook(lambda _, given: (given[0].contiguous(),))
        self._check_head()

    @property
    def head(self) -> Tensor:
        """Output head, `[vocabulary, d]`."""
        return self.model.get_output_embeddings().weight

    @cached_property
    def softcap(self) -> float | None:
        """Bound of the final logits where a model has one (c·tanh(z/c)), else None."""
        return getattr(self.model.config.get_text_config(), "final_logit_softcapping", None)

    @cached_property
    def embedding_rms(self) -> float:
        """Median over vocabulary rows of the RMS of an input embedding, as the model feeds it to its first block."""
        rows = self.model.get_input_embeddings().weight.shape[0]
        parts = torch.arange(rows, device=self.device).split(16384)
        rms = torch.cat([self.embed(part).float().pow(2).mean(-1).sqrt() for part in parts])
        return rms.median().item()

    def recompute_activations(self) -> None:
        """Trade time for memory from now on: blocks keep their inputs alone and run again in the backward pass."""
        if not self._blocks:
            self.model.activation_checkpointing_enable({"use_reentrant": False})
            self._blocks = [one for one in self.model.modules() if isinstance(one, GradientCheckpointingLayer)]

    @contextmanager
    def _recomputing(self, wanted: bool) -> Iterator[None]:
        """Blocks recompute only while they think that they train, and would then ignore a cache of earlier tokens.

        Nothing inside the blocks is switched, so no dropout wakes up.
        """
        before = [one.training for one in self._blocks]
        for one in self._blocks:
            one.training = wanted
        try:
            yield
        finally:
            for one, training in zip(self._blocks, before, strict=True):
                one.training = training

    def embed(self, ids: Tensor) -> Tensor:
        """Input embeddings of token ids `[...]` as `[..., d]`, with whatever scale the model applies."""
        return self.model.get_input_embeddings()(ids)

    def trunk(self, embeds: Tensor, mask: Tensor, cache: Cache | None = None) -> Tensor:
        """Last hidden state (after the final norm) `[B, T, d]` of embeddings `[B, T, d]` under a mask `[B, T]`.

        With a cache of P earlier tokens, which grows, the mask covers them too: `[B, P + T]`.
        """
        with self._recomputing(cache is None and torch.is_grad_enabled()):
            return self.model.get_decoder()(
                inputs_embeds=embeds.to(self.dtype),
                attention_mask=mask,
                position_ids=positions(mask)[:, -embeds.shape[1] :],
                past_key_values=cache,
                use_cache=cache is not None,
            ).last_hidden_state.to(self.device)

    @torch.no_grad()
    def states(self, ids: Tensor, mask: Tensor, layers: Sequence[int]) -> dict[int, Tensor]:
        """Hidden states `[B, T, d]` at the given indices of `hidden_states` (0 is the embedding output)."""
        hidden = self.model.get_decoder()(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions(mask),
            use_cache=False,
            output_hidden_states=True,
        ).hidden_states
        return {layer: hidden[layer].to(self.device) for layer in layers}

    def logits(self, hidden: Tensor, tokens: Tensor) -> Tensor:
        """Logits, fp32, of a few tokens only: hidden `[..., d]`, tokens `[C]` -> `[..., C]`."""
        raw = hidden.float() @ self.head[tokens].float().T
        return raw if self.softcap is None else self.softcap * torch.tanh(raw / self.softcap)

    @cached_property
    def bos(self) -> list[int]:
        """What the tokenizer itself puts before a text: one beginning token, or nothing."""
        plain = self.tokenizer("a", add_special_tokens=False).input_ids
        full = self.tokenizer("a").input_ids
        return full[: full.index(plain[0])]

    def tokens(self, text: str) -> list[int]:
        """Token ids of a text, without beginning or end tokens."""
        return self.tokenizer(text, add_special_tokens=False).input_ids

    @torch.no_grad()
    def generate(self, embeds: Tensor, mask: Tensor, max_new_tokens: int) -> list[str]:
        """Greedy continuations of left-padded embeddings `[B, T, d]`, special tokens removed."""
        out = self.model.generate(
            inputs_embeds=embeds.to(self.dtype),
            attention_mask=mask,
            max_new_tokens=max_new_tokens,
            do_sample=False,
            pad_token_id=self.tokenizer.pad_token_id,
        )
        return self.tokenizer.batch_decode(out, skip_special_tokens=True)

    @torch.no_grad()
    def _check_head(self) -> None:
        """Make sure that our few-row logits are the model's own: some families scale or shift theirs."""
        ids = torch.tensor([[5, 7, 11]], device=self.device)
        mask = torch.ones_like(ids)
        probe = torch.tensor([3, 4, 5, 6, 7, 8, 9, 10], device=self.device)
        own = self.model(input_ids=ids, attention_mask=mask, logits_to_keep=1).logits[0, -1, probe].float()
        ours = self.logits(self.trunk(self.embed(ids), mask)[0, -1], probe)
        if (own - ours).abs().max() > 0.05 * (1 + own.abs().max()):
            where = self.model.config.model_type
            raise fail(where, "its logits are not head·state, so label rows cannot be scored", "use another model")


@lru_cache(maxsize=2)
def frozen(folder: Path, compute: str, device: torch.device) -> FrozenLM:
    """A model that this process keeps: runs that share a process load a sender and a receiver once."""
    return FrozenLM(folder, compute, device)


@lru_cache(maxsize=2)
def tokenizer_of(folder: Path) -> Any:
    """The tokenizer of a prepared model; it pads with the end token where it has no other."""
    facts = read_json(folder / "model.json", MADE_BY)
    tokenizer = AutoTokenizer.from_pretrained(folder / facts["folder"])
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def pad_rows(rows: Sequence[Sequence[int]], pad: int) -> tuple[Tensor, Tensor]:
    """Right-pad token rows: ids `[B, T]` and mask `[B, T]` (1 = real)."""
    ids = torch.full((len(rows), max(map(len, rows))), pad)
    mask = torch.zeros_like(ids)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
    return ids, mask


def positions(mask: Tensor) -> Tensor:
    """Position ids `[B, T]` that count only unmasked tokens, so that padding on either side changes nothing."""
    return (mask.long().cumsum(-1) - 1).clamp(min=0)
