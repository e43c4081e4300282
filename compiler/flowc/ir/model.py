"""The base of the pydantic models."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Frozen, and strict about what it is made of: resolution has read every value already."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
