"""Random-init models of any causal type, from a seed: tiny ones as a folder (the `smoke` preset and the tests), and the
shapes of large ones, whose weights are drawn where they are used (telepathy.models.load).
"""

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, pre_tokenizers, processors
from tokenizers.models import BPE
from transformers import AutoConfig, AutoModelForCausalLM, PretrainedConfig, PreTrainedTokenizerFast

from telepathy.errors import UserError, fail

SPECIAL = ("<pad>", "<s>", "</s>")


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer with one token a byte and three special ones: reads any text, needs no training."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate((*SPECIAL, *alphabet))}
    core = Tokenizer(BPE(vocab=vocabulary, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    pad, bos, eos = SPECIAL
    core.post_processor = processors.TemplateProcessing(single=f"{bos} $A", special_tokens=[(bos, vocabulary[bos])])
    return PreTrainedTokenizerFast(tokenizer_object=core, pad_token=pad, bos_token=bos, eos_token=eos)


def build(spec: dict[str, Any], out: Path) -> None:
    """Write a seeded random model of `spec["model_type"]` and the byte tokenizer as a folder.

    Raises:
        UserError: transformers does not know the type, or refuses the settings.
    """
    tokenizer = byte_tokenizer()
    config = _config(spec, tokenizer)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(spec["seed"])
            model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    except (ValueError, TypeError) as error:
        raise _unfit(spec, error) from None
    model.save_pretrained(out, safe_serialization=True)
    tokenizer.save_pretrained(out)


def describe(spec: dict[str, Any], out: Path) -> None:
    """Write the configuration of a random model and the byte tokenizer, without weights.

    Raises:
        UserError: transformers does not know the type or refuses the settings, or the vocabulary is too small.
    """
    tokenizer = byte_tokenizer()
    config = _config(spec, tokenizer)
    if config.vocab_size < len(tokenizer):
        raise fail("model settings", f"vocab_size {config.vocab_size} is too small", f"give at least {len(tokenizer)}")
    config.save_pretrained(out)
    tokenizer.save_pretrained(out)


def _config(spec: dict[str, Any], tokenizer: PreTrainedTokenizerFast) -> PretrainedConfig:
    ids = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("pad", "bos", "eos")}
    settings = {"vocab_size": len(tokenizer)} | ids | spec["settings"]
    try:
        config = AutoConfig.for_model(spec["model_type"], **settings)
    except (ValueError, TypeError) as error:
        raise _unfit(spec, error) from None
    return config


def _unfit(spec: dict[str, Any], error: Exception) -> UserError:
    line = str(error).splitlines()[0][:200]
    return fail("model settings", f"{spec['model_type']}: {line}", "mend model_type or settings")
