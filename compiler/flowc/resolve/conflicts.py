"""Public addresses and ports that two declarations claim."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeAlias

from flowc.ir.addresses import Family, format_address
from flowc.ir.rows import EipRow, ForwardRow
from flowc.resolve import codes
from flowc.resolve.context import Context, claim
from flowc.source import Source, Span

_Where: TypeAlias = tuple[str | None, Family, int]
"""A public address: the VRF that it is reached in, family and address."""


class _Reached:
    """Where public addresses are reached: two VRFs may have the same ones outside, each on an uplink of its own."""

    def __init__(self, context: Context) -> None:
        self._vrfs = {
            zone.name: sorted({context.interfaces[name].vrf or "" for name in zone.interfaces})
            for zone in context.zones.values()
        }

    def place(self, zone: str, vrf: str | None, family: Family, public: int) -> _Where:
        """`vrf` is the target's. Where the zone has no interface in it, tenants share an uplink."""
        vrfs = self._vrfs.get(zone, [])
        return (vrf if (vrf or "") in vrfs or not vrfs else vrfs[0] or None), family, public


def translations(context: Context) -> None:
    """One public address has one owner and one owner one EIP; no two forwards claim one port."""
    reached = _Reached(context)
    public: dict[Hashable, Span] = {}
    inside: dict[Hashable, Span] = {}
    labels: dict[Hashable, str] = {}
    unique = not context.eips.repeats("family", "public") and not context.eips.repeats("family", "vrf", "target")
    for row in () if unique else context.eips:
        address = format_address(row.family, row.public)
        claim(context, codes.DUPLICATE_EIP, public, (row.family, row.public), row.span, f"EIP `{address}`")
        place = row.family, row.vrf, row.target
        what, help = _owner(row, labels.setdefault(place, row.label))
        claim(context, codes.DUPLICATE_EIP, inside, place, row.span, what, help)
    _whole_addresses(reached, context)
    _overlapping_ports(reached, context)


def _owner(row: EipRow, first: str) -> tuple[str, str | None]:
    """What has an EIP, and help where the machine goes by another name at its first one."""
    if row.label == first:
        return f"an EIP for `{row.label}`", None
    address = format_address(row.family, row.target)
    where = f"in vrf `{row.vrf}`" if row.vrf else "in the main table"
    if address in (row.label, first):
        name = first if row.label == address else row.label
        return f"an EIP for `{row.label}` (`{name}` is `{address}` {where})", None
    return (
        f"an EIP for `{row.label}` (`{first}` and `{row.label}` are both `{address}` {where})",
        "give one of the endpoints another address, or an interface in another VRF",
    )


def _whole_addresses(reached: _Reached, context: Context) -> None:
    """A forward of a whole address and an EIP are elements of one map, whatever they lead to."""
    protocols = context.forwards.column("protocol")
    whole = [context.forwards[at] for at, protocol in enumerate(protocols) if protocol is None]
    seen: dict[Hashable, Span] = {}
    if whole:
        columns = (context.eips.column(name) for name in ("zone", "vrf", "family", "public", "span"))
        for *where, span in zip(*columns, strict=True):
            seen.setdefault(reached.place(*where), span)
    for row in whole:
        place = reached.place(row.zone, row.vrf, row.family, row.public)
        what = f"the translation of `{format_address(row.family, row.public)}`"
        claim(context, codes.OVERLAPPING_FORWARDS, seen, place, row.span, what)


def _overlapping_ports(reached: _Reached, context: Context) -> None:
    by_port: dict[tuple[_Where, str], list[ForwardRow]] = {}
    files: dict[Source, int] = {}
    for row in context.forwards:
        files.setdefault(row.span.source, len(files))
        if row.protocol is not None:
            place = reached.place(row.zone, row.vrf, row.family, row.public)
            by_port.setdefault((place, row.protocol), []).append(row)
    for rows in by_port.values():
        _overlaps(rows, files, context)


def _overlaps(rows: Iterable[ForwardRow], files: dict[Source, int], context: Context) -> None:
    """Sorted by first port, a forward overlaps one before it if it starts before the farthest end so far.

    Which of the two is the mistake is told by the file: the later declaration.
    """

    def place(row: ForwardRow) -> tuple[int, int]:
        return files[row.span.source], row.span.start

    farthest: ForwardRow | None = None
    for row in sorted(rows, key=lambda row: (row.low, row.high, row.span.start)):
        if farthest is not None and row.low <= farthest.high:
            first, second = sorted((farthest, row), key=place)
            context.diagnostics.report(
                codes.OVERLAPPING_FORWARDS,
                f"{row.protocol} port {row.low} of `{format_address(row.family, row.public)}` is forwarded twice",
                second.span,
                related=[(first.span, "first forwarded here")],
            )
        if farthest is None or row.high > farthest.high:
            farthest = row
