"""A trained soft prompt for the frozen receiver (Lester et al. 2021)."""

import torch
from peft import PromptEmbedding, PromptTuningConfig, TaskType
from torch import Tensor, nn

from telepathy.config.methods import PromptTuning
from telepathy.models.frozen import FrozenLM


class Prompt(nn.Module):
    """K vectors, the same for every row, started at embeddings of random words of the vocabulary; in fp32.

    Shapes: number of rows B -> `[B, K, d_r]`.
    """

    def __init__(self, config: PromptTuning, receiver: FrozenLM):
        super().__init__()
        settings = PromptTuningConfig(
            task_type=TaskType.CAUSAL_LM,
            num_virtual_tokens=config.soft_tokens,
            token_dim=receiver.width,
            num_transformer_submodules=1,
            prompt_tuning_init="SAMPLE_VOCAB",
        )
        # `embed` and not the bare table: some families scale their embeddings.
        self.prompt = PromptEmbedding(settings, receiver.model.get_input_embeddings())
        self.register_buffer("places", torch.arange(config.soft_tokens), persistent=False)

    def forward(self, rows: int) -> Tensor:
        """The prompt for a batch."""
        return self.prompt(self.places).expand(rows, -1, -1)
