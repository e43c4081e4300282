"""Print `apply.sh`: the template beside this file, filled with what must be true of the host before it is changed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

import jinja2

from flowc.backends.iproute2 import AFTER_RULESET, IPV6_PREFIX
from flowc.backends.iproute2.links import ALIAS, TUNNELS
from flowc.backends.iproute2.render import uses_ipv6
from flowc.backends.iproute2.routing import PROTOCOL
from flowc.backends.script import one_line, where
from flowc.backends.tc.render import COOKIE
from flowc.hoststate import HostState, Link, LinkKind
from flowc.hoststate.macs import references
from flowc.hoststate.state import FORWARDING

if TYPE_CHECKING:
    from flowc.source import Span


class Expectation(NamedTuple):
    """A line of the script's table of devices: what a device of this name must be, if it is there."""

    device: str
    kind: str
    fixed: str
    """What the kernel cannot change on a living device: a VRF's table, a VLAN's id; `-` for none."""
    place: str


def render(state: HostState, *, provenance: bool = True) -> str:
    """The text of `apply.sh`."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("flowc.backends.apply", ""),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  # a shell script, not HTML; values go through `quote`
    )
    environment.filters["quote"] = shlex.quote
    return environment.get_template("apply.sh.j2").render(
        host=one_line(state.host),
        devices=_devices(state, provenance),
        kinds=sorted({link.kind.value for link in state.links if link.created}),
        tunnels="|".join(kind.value for kind in TUNNELS),
        tools=["ip", "nft", "awk", *(["sysctl"] if state.sysctls else []), *(["tc"] if state.filters else [])],
        sysctls=bool(state.sysctls),
        filters=bool(state.filters),
        references=bool(references(state.filters)),
        forwarding="|".join(FORWARDING),
        modules=state.modules,
        announced=len(state.announcements),
        ipv6_from=_first_ipv6(state, provenance) if uses_ipv6(state) else None,
        alias=ALIAS,
        cookie=COOKIE.hex(),
        protocol=PROTOCOL,
        after_ruleset=f"# {AFTER_RULESET}",
        ipv6_prefix=IPV6_PREFIX,
    )


def _devices(state: HostState, provenance: bool) -> list[Expectation]:
    """Devices that must exist, then those that flowc makes, in the state's order."""

    def place(span: Span) -> str:
        return where(span) if provenance else "-"

    named = {link.device for link in state.links} | {link.peer for link in state.links if link.peer is not None}
    existing = [Expectation(link.device, "existing", "-", place(link.span)) for link in state.links if not link.created]
    for link in state.links:
        for device in link.below:
            if device not in named:
                named.add(device)
                existing.append(Expectation(device, "existing", "-", place(link.span)))
    made = [
        Expectation(link.device, link.kind.value, _fixed(link), place(link.span))
        for link in state.links
        if link.created
    ]
    return existing + made


def _fixed(link: Link) -> str:
    if link.kind is LinkKind.VRF:
        return f"table {link.table}"
    if link.vlan is not None:
        return f"id {link.vlan[1]} on {link.vlan[0]}"
    if link.tunnel is not None:
        return "external" if link.tunnel.external else "keyed"
    return "-"


def _first_ipv6(state: HostState, provenance: bool) -> str:
    """Where the file first asks for IPv6."""
    if not provenance:
        return "(compiled without provenance)"
    spans = [
        *(link.span for link in state.links if link.kind in (LinkKind.IP6GRE, LinkKind.IP6GRETAP)),
        *(row.span for row in state.addresses if row.family == 6),
        *(row.span for row in state.routes if row.family == 6 and row.kind == "unicast"),
        *(row.span for row in state.neighbors if row.family == 6),
    ]
    return where(spans[0])
