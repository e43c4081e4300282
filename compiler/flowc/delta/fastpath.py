"""The flowtable and the conntrack helpers of the nft table.

Devices and counter of a flowtable come and go in place; its `offload` flag does not (net/netfilter/nf_tables_api.c,
`nft_flowtable_update`: EOPNOTSUPP), and with the flowtable the flows in it are gone.
"""

from __future__ import annotations

from flowc.delta.kinds import Kind
from flowc.hoststate.nft import Flowtable
from flowc.hoststate.rules import CtHelper

FLOWTABLE: Kind[Flowtable] = Kind(
    name="flowtable",
    identity=("name",),
    key=lambda _: ("fastpath",),
    attributes=("devices", "hardware", "counter"),
    values=lambda one: (one.devices, one.hardware, one.counter),
    title=lambda _: "fastpath",
    words=lambda one: (
        f"fastpath devices {{ {', '.join(one.devices)} }}{' counter' if one.counter else ''}"
        f"{' flags offload' if one.hardware else ''}"
    ),
    span=lambda one: one.span,
    fixed=frozenset({"hardware"}),
)

HELPER: Kind[CtHelper] = Kind(
    name="helper",
    identity=("name",),
    key=lambda one: (one.name,),
    attributes=("type", "protocol"),
    values=lambda one: (one.type, one.protocol),
    title=lambda one: one.name,
    words=lambda one: f"{one.name} type {one.type} protocol {one.protocol}",
    span=lambda one: one.span,
    fixed=frozenset({"type", "protocol"}),
)
