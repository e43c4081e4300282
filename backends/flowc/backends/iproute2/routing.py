"""`ip addr`, `ip route`, `ip rule` and `ip neigh` commands."""

from __future__ import annotations

from collections.abc import Callable

from flowc.hoststate import AddressRow, NeighborRow, NextHop, RouteRow, Rule
from flowc.hoststate.routing import Family

PROTOCOL = 102
"""flowc's own number in `protocol`: what carries it was made by flowc and by nobody else."""

TABLE_MAIN = 254
TABLE_LOCAL = 255
FULL_MASK = 0xFFFFFFFF


def address(row: AddressRow) -> str:
    """`nodad`: an address that the host is told to have is usable at once, before any probe is answered.

    With `preferred_lft 0` the kernel does not choose it as a source, for masquerade neither (RFC 6724, rule 3). IPv4 has no
    need of it: there the source is of the next hop's prefix (kernel: net/ipv4/devinet.c, inet_select_addr).
    """
    if row.family == 4:
        return f"addr replace {row.address} dev {row.device}"
    return f"addr replace {row.address} dev {row.device} nodad{' preferred_lft 0' if row.answered_only else ''}"


def rule(entry: Rule) -> str:
    """One `ip rule add`; the family is not in it, `ip` takes that from its own options."""
    parts = [f"rule add pref {entry.preference}"]
    if entry.source is not None:
        parts.append(f"from {entry.source}")
    if entry.device is not None:
        parts.append(f"iif {entry.device}")
    if entry.mark is not None:
        value, mask = entry.mark
        parts.append(f"fwmark {value:#x}" if mask == FULL_MASK else f"fwmark {value:#x}/{mask:#x}")
    parts.append(table(entry.table))
    if entry.suppress is not None:
        parts.append(f"suppress_prefixlength {entry.suppress}")
    return " ".join([*parts, f"protocol {PROTOCOL}"])


def table(number: int) -> str:
    """`table N`; those that every host has by their names."""
    return {TABLE_MAIN: "table main", TABLE_LOCAL: "table local"}.get(number, f"table {number}")


def neighbor(row: NeighborRow) -> str:
    """Permanent with a MAC, managed without: both together would leave a managed entry that forgot its MAC."""
    kind = f"lladdr {row.mac} dev {row.device} nud permanent" if row.mac else f"dev {row.device} managed"
    return f"neigh replace {row.address} {kind} protocol {PROTOCOL}"


def route(row: RouteRow, onlink: Callable[[Family, str, str], bool]) -> str:
    """One `ip route replace`. `onlink(family, device, gateway)` says if the gateway needs that flag."""
    # `default` alone is IPv4; a batch has no other way to say which family is meant.
    destination = "::/0" if row.family == 6 and row.destination == "default" else row.destination
    kind = "" if row.kind == "unicast" else f"{row.kind} "
    metric = "" if row.metric is None else f" metric {row.metric}"
    head = f"route replace {kind}{destination}"
    tail = f"table {row.table}{metric} proto {PROTOCOL}"
    hops = [_hop(row.family, hop, onlink) for hop in row.nexthops]
    if len(hops) > 1:
        weighted = (f"nexthop {text} weight {hop.weight}" for text, hop in zip(hops, row.nexthops, strict=True))
        return f"{head} {tail} {' '.join(weighted)}"
    return " ".join([head, *hops, tail])


def _hop(family: Family, hop: NextHop, onlink: Callable[[Family, str, str], bool]) -> str:
    parts = []
    if hop.encap is not None:
        kind, ttl = ("ip", "ttl") if hop.encap.family == 4 else ("ip6", "hoplimit")
        limit = f" {ttl} {hop.encap.ttl}" if hop.encap.ttl else ""
        # Without the word `key` the packet has no key at all.
        parts.append(f"encap {kind} id {hop.encap.key} src {hop.encap.source} dst {hop.encap.destination}{limit} key")
    if hop.gateway is not None:
        parts.append(f"via {hop.gateway}")
    if hop.device is not None:
        parts.append(f"dev {hop.device}")
    if hop.gateway is not None and hop.device is not None and onlink(family, hop.device, hop.gateway):
        parts.append("onlink")
    return " ".join(parts)
