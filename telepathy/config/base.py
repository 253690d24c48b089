"""What all configuration models share: frozen, no unknown keys, real types."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """A configuration section: unknown keys are refused, values cannot change after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
"""A full sha256 in lower-case hex."""

Fraction = Annotated[float, Field(gt=0, le=1)]
"""A share in (0, 1]."""

Layer = Annotated[float, Field(gt=0, le=1)] | Annotated[int, Field(ge=0)]
"""A source layer: a float in (0, 1] is a fraction of the sender's depth, an integer an index into
`hidden_states` (0 is the embedding output)."""
