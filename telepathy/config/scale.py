"""How a preset brings the recorded budgets of the phases down to its own size."""

from pydantic import Field, model_validator

from telepathy.config.base import Strict


class Scaling(Strict):
    """A factor with bounds."""

    times: float = Field(default=1.0, gt=0)
    least: float | None = Field(default=None, gt=0)
    most: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _ordered(self) -> "Scaling":
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError(f"least {self.least} is above most {self.most}")
        return self

    def of(self, value: float) -> float:
        """The scaled value."""
        scaled = value * self.times
        scaled = max(scaled, self.least) if self.least is not None else scaled
        return min(scaled, self.most) if self.most is not None else scaled

    def whole(self, value: float, multiple: int = 1) -> int:
        """The scaled value as a positive multiple of `multiple`."""
        return max(1, round(self.of(value) / multiple)) * multiple


class Scale(Strict):
    """Applied to every phase that trains a bridge; the differences between phases keep their ratios.

    Warm-up follows the steps. A width is scaled after a fraction has become a number, to a multiple of the heads;
    `soft_tokens` to a multiple of the body's rounds.
    """

    steps: Scaling = Scaling()
    batch: Scaling = Scaling()
    accumulation: Scaling = Scaling()
    lr: Scaling = Scaling()
    soft_tokens: Scaling = Scaling()
    width: Scaling = Scaling()
    depth: Scaling = Scaling()
    codes: Scaling = Scaling()
    calibration_rows: Scaling = Scaling()
    target_tokens: int | None = Field(default=None, gt=0, description="Longest text target; the recipe's if absent.")
    validations: int | None = Field(default=None, ge=0)
