"""The base of the pydantic models."""

from __future__ import annotations

from typing import Self, TypeAlias

from pydantic import BaseModel, ConfigDict, InstanceOf

from flowc.ir.addresses import AddressSet


class Model(BaseModel):
    """Frozen, and strict about what it is made of: resolution has read every value already."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    def __copy__(self) -> Self:
        """Also for `model_copy`: a copy may be about to differ, so that nothing is known of it that was found out."""
        copied = super().__copy__()
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


WholeSet: TypeAlias = InstanceOf[AddressSet]
"""An address set as a field of a model. Pydantic would make a new one of it, range by range, and many rules may share one
of 100,000 prefixes.
"""
