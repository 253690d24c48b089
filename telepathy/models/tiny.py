"""Random-init models of any causal type, built from a seed in a second: the `smoke` preset and the tests."""

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, pre_tokenizers, processors
from tokenizers.models import BPE
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

from telepathy.errors import fail

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
    ids = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("pad", "bos", "eos")}
    try:
        config = AutoConfig.for_model(spec["model_type"], vocab_size=len(tokenizer), **ids, **spec["settings"])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(spec["seed"])
            model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    except (ValueError, TypeError) as error:
        line = str(error).splitlines()[0][:200]
        raise fail("model settings", f"{spec['model_type']}: {line}", "mend model_type or settings") from None
    model.save_pretrained(out, safe_serialization=True)
    tokenizer.save_pretrained(out)
