"""Zones and pools."""

from __future__ import annotations

from flowc.ir.addresses import Prefix
from flowc.ir.model import Model, WholeSet
from flowc.source import Span


class ZoneMember(Model):
    """An interface, or with `source` the part of it that has these source addresses."""

    interface: str
    source: WholeSet | None
    span: Span


class Zone(Model):
    name: str
    members: tuple[ZoneMember, ...]
    span: Span

    @property
    def interfaces(self) -> tuple[str, ...]:
        return tuple(member.interface for member in self.members)


class Pool(Model):
    """Public prefixes that are reached from one zone; what no EIP or SNAT uses of them is dropped."""

    name: str
    prefixes: tuple[Prefix, ...]
    zone: str
    span: Span
