"""A port forward takes a port that the host itself listens on."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from flowc.checks.base import FactsCheck
from flowc.checks.live.common import Tables
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index, Listener
from flowc.facts.index import TABLE_MAIN
from flowc.ir.addresses import Family, format_address, parse_address
from flowc.ir.network import Host
from flowc.ir.pairs import policies_by_pair
from flowc.ir.policy import SELF, Action, Ports, Rule
from flowc.ir.rows import ForwardRow

CODE = register(
    "FC810",
    "service-captured",
    Severity.WARNING,
    "A port forward is on an address of the host itself, the host has a service that listens there on the same port, and a "
    "policy admits the forward's zone to it. What comes from there is translated before it could reach the service: where "
    "that is SSH, it is the way to the host that is lost. Services that listen elsewhere, or are bound to other devices or "
    "VRFs, do not count.",
)

EPHEMERAL = (32768, 60999)
"""What the kernel chooses client ports from where nobody says otherwise (ip-sysctl, ip_local_port_range)."""
MOST_NAMED = 3
IPV4_MAPPED = 0xFFFF
"""What stands before an IPv4 address that an IPv6 socket takes (RFC 4291, 2.5.5.2)."""


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report the forwards on the host's own addresses that take a port of a listening socket from those who may reach it."""
    if not index.facts.listeners or not len(host.forwards):
        return
    services = _Services(host, index)
    admitting: dict[str, list[tuple[Rule, list[Ports] | None]]] = {}
    columns = (host.forwards.column(name) for name in ("zone", "family", "public"))
    for at, (zone, family, public) in enumerate(zip(*columns, strict=True)):
        if not services.is_own(zone, family, public):
            continue
        if zone not in admitting:
            admitting[zone] = _admitting(host, zone)
        row = host.forwards[at]
        found = {one: rule for one in services.heard(row) for rule, ports in admitting[zone] if _covers(ports, one)}
        if found:
            _report(row, list(found), next(iter(found.values())), diagnostics)


def _report(row: ForwardRow, found: list[Listener], rule: Rule, diagnostics: Diagnostics) -> None:
    names = [f"{one.protocol} {one.port}" + (f" ({one.process})" if one.process else "") for one in found]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    diagnostics.report(
        CODE,
        f"this takes {', '.join(names[:MOST_NAMED])}{more} of the host's own address "
        f"`{format_address(row.family, row.public)}`",
        row.span,
        f"from zone `{row.zone}` the service is not reached any more",
        related=[(rule.span, "this admits it to the host")],
        help="forward another port or address, or let the service listen elsewhere",
    )


def _admitting(host: Host, zone: str) -> list[tuple[Rule, list[Ports] | None]]:
    """The rules by which a zone reaches the host, with what each admits of TCP and UDP: None is all of it."""
    policy = host.derived(policies_by_pair).get((zone, SELF))
    found: list[tuple[Rule, list[Ports] | None]] = []
    for rule in policy.rules if policy else ():
        ports = [one for one in rule.traffic if isinstance(one, Ports)]
        if rule.action is Action.ACCEPT and (ports or not rule.traffic):
            found.append((rule, ports or None))
    return found


def _covers(ports: list[Ports] | None, listener: Listener) -> bool:
    return ports is None or any(
        one.protocol == listener.protocol
        and any(low <= listener.port <= high for low, high in one.ports or ((0, 65535),))
        for one in ports
    )


class _Services:
    """The host's listening sockets, by port."""

    def __init__(self, host: Host, index: Index) -> None:
        self._index = index
        self._tables = Tables(host, index)
        self._zones = {zone: self._tables.zone(zone) for zone in host.zones}
        self._devices = {zone: self._tables.devices(zone) for zone in host.zones}
        rows = sorted(index.facts.listeners or (), key=lambda one: (one.port, one.protocol))
        self._rows = list({(one.protocol, one.port, one.address, one.device): one for one in rows}.values())
        self._ports = [one.port for one in self._rows]
        words = (index.sysctl("net/ipv4/ip_local_port_range") or "").split()
        self._ephemeral = (
            (int(words[0]), int(words[1])) if len(words) == 2 and all(map(str.isdigit, words)) else EPHEMERAL
        )
        # Public addresses on a link are the host's own only because flowc puts them there.
        self._own = {
            (self._tables.of(one.device), family, address)
            for (family, address), owned in index.owners.items()
            for one in owned
            if not one.single
        } | self._tables.declared_addresses

    def is_own(self, zone: str, family: Family, public: int) -> bool:
        return any((table, family, public) in self._own for table in self._zones[zone])

    def heard(self, row: ForwardRow) -> list[Listener]:
        """The sockets that would get what the forward takes, one for each protocol and port."""
        low, high = (row.low, row.high) if row.protocol else (1, 65535)
        found: dict[tuple[str, int], Listener] = {}
        for one in self._rows[bisect_left(self._ports, low) : bisect_right(self._ports, high)]:
            if row.protocol in (None, one.protocol) and self._hears(one, row) and not self._client(one, low, high):
                found.setdefault((one.protocol, one.port), one)
        return list(found.values())

    def _client(self, one: Listener, low: int, high: int) -> bool:
        """True for a socket that may well be a client's, such as a resolver's, within a range of ports."""
        first, last = self._ephemeral
        return one.protocol == "udp" and low != high and first <= one.port <= last

    def _hears(self, one: Listener, row: ForwardRow) -> bool:
        family, address = parse_address(one.address)
        if family == 6 and address >> 32 == IPV4_MAPPED:
            family, address = 4, address & 0xFFFFFFFF
        anywhere = address == 0 and (family == row.family or (family == 6 and not one.ipv6_only))
        if not anywhere and (family, address) != (row.family, row.public):
            return False
        if one.device is not None:
            return one.device in self._devices[row.zone]
        accepts = self._index.sysctl(f"net/ipv4/{one.protocol}_l3mdev_accept") == "1"
        return accepts or TABLE_MAIN in self._zones[row.zone]


_FILE = """
interface wan { device eth0; address 198.51.100.2/24 }
interface lan { device eth1; address 10.0.0.1/24 }
endpoint web { address 10.0.0.80; interface lan }
route default via 198.51.100.1
zone internet { interface wan }
zone office { interface lan }
policy internet -> office { accept tcp 22 to web }
policy internet -> self { accept from 203.0.113.7 }
"""

CHECK = FactsCheck(
    CODE,
    run,
    bad=_FILE + "nat internet -> office { dnat tcp 198.51.100.2:22 -> web }\n",
    good=_FILE + "nat internet -> office { dnat tcp 198.51.100.2:2222 -> web:22 }\n",
    facts="""
{"version": 1, "hostname": "gw1",
 "listeners": [{"protocol": "tcp", "address": "0.0.0.0", "port": 22, "process": "sshd"}]}
""",
)
