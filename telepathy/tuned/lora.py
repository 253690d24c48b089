"""Low-rank adapters in the receiver's attention (Hu et al. 2022)."""

from peft import LoraConfig, TaskType, get_peft_model
from torch import nn

from telepathy.config.methods import LoRA
from telepathy.errors import fail
from telepathy.models.frozen import FrozenLM


class Adapters(nn.Module):
    """The adapters' parameters alone, fp32; the receiver that holds them is not part of this module's state.

    Building one changes the receiver for good, so it must not be one that other runs of the process share. Without
    parameters of its own to apply, it answers None: the receiver reads no soft tokens.
    """

    def __init__(self, config: LoRA, receiver: FrozenLM):
        super().__init__()
        settings = LoraConfig(
            task_type=TaskType.CAUSAL_LM,
            r=config.rank,
            lora_alpha=config.alpha,
            lora_dropout=config.dropout,
            target_modules=list(config.modules),
        )
        try:
            adapted = get_peft_model(receiver.model, settings)
        except ValueError as error:
            reason = " ".join(str(error).split())[:200]
            raise fail("methods: LoRA", f"`modules` do not fit the receiver ({reason})", "name its layers") from None
        self._adapted = [adapted]  # in a list, so that torch does not take it for a part of this module
        found = {name: one.float() for name, one in adapted.named_parameters() if one.requires_grad}
        # The same objects as in the receiver; a dot cannot stand in a parameter's name.
        self.weights = nn.ParameterDict({name.replace(".", "/"): one for name, one in found.items()})
        if any(one is not dict(adapted.named_parameters())[name] for name, one in found.items()):
            raise TypeError("peft made adapters that are not fp32")

    def train(self, mode: bool = True) -> "Adapters":
        """Switch the adapters' dropout on or off."""
        self._adapted[0].train(mode)
        return super().train(mode)

    def forward(self, rows: int) -> None:
        """No soft tokens."""
