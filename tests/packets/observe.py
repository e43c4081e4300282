"""What the kernel did with the packets: conntrack entries, rule counters, tc statistics.

Parsing is apart from reading, so that it is tested without a kernel.
"""

import ipaddress
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.packets.lab import Namespace

_POLL = 0.05
_STATE = re.compile(r"[A-Z][A-Z0-9_]*")
_FLAGS = re.compile(r"\[(\w+)\]")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tuple:
    """One direction of a tracked connection. ICMP has no ports but an identifier, a type and a code."""

    source: str
    destination: str
    source_port: int | None = None
    destination_port: int | None = None
    identifier: int | None = None
    key: int | None = None  # of GRE, where the kernel tracks it
    zone: int = 0
    packets: int | None = None  # None without net.netfilter.nf_conntrack_acct
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """A conntrack entry."""

    protocol: str
    state: str  # of TCP, else ""; the kernel does not show it while the flow is offloaded
    original: Tuple
    reply: Tuple
    mark: int
    flags: frozenset[str]  # "ASSURED", "UNREPLIED", "OFFLOAD", "HW_OFFLOAD"

    @property
    def zone(self) -> int:
        """The zone that both directions are in, or the original one's."""
        return self.original.zone

    @property
    def offloaded(self) -> bool:
        """True while the flow is in a flow table."""
        return bool(self.flags & {"OFFLOAD", "HW_OFFLOAD"})


@dataclass(frozen=True, slots=True)
class Counter:
    """Packets and bytes."""

    packets: int
    bytes: int

    def __add__(self, other: "Counter") -> "Counter":
        return Counter(self.packets + other.packets, self.bytes + other.bytes)


@dataclass(frozen=True, slots=True)
class TcFilter:
    """A tc filter with what passed it."""

    kind: str
    preference: int
    chain: int
    handle: int | str | None
    protocol: str
    hits: Counter  # of its first action
    actions: tuple[str, ...]  # their kinds, in order
    in_hardware: bool


def connections(namespace: Namespace, protocol: str | None = None, zone: int | None = None) -> list[Connection]:
    """The conntrack entries of a namespace: all, or those of a protocol ("tcp") and a zone."""
    with namespace.entered():
        found = parse_conntrack(Path("/proc/thread-self/net/nf_conntrack").read_text())
    return [one for one in found if protocol in {None, one.protocol} and zone in {None, one.zone}]


def parse_conntrack(text: str) -> list[Connection]:
    """Read /proc/net/nf_conntrack, or what `conntrack -L -o extended` prints."""
    return [_connection(line) for line in text.splitlines() if line.strip()]


def rule_counters(namespace: Namespace, table: str = "flowc", family: str = "inet") -> dict[str, Counter]:
    """Counters of the rules that have a comment, by comment; rules with the same one are added up."""
    return parse_rule_counters(json.loads(namespace.run("nft", "--json", "list", "table", family, table)))


def parse_rule_counters(listing: Mapping[str, Any]) -> dict[str, Counter]:
    """Read `nft --json list table`."""
    counters: dict[str, Counter] = {}
    for rule in (entry["rule"] for entry in listing["nftables"] if "rule" in entry):
        for expression in rule["expr"]:
            if rule.get("comment") and isinstance(expression.get("counter"), dict):
                found = Counter(expression["counter"]["packets"], expression["counter"]["bytes"])
                counters[rule["comment"]] = counters.get(rule["comment"], Counter(0, 0)) + found
    return counters


def tc_filters(namespace: Namespace, device: str, hook: str = "ingress") -> list[TcFilter]:
    """The filters of a device's clsact, with statistics. `hook` is ingress or egress."""
    return parse_tc_filters(
        json.loads(namespace.run("tc", "-statistics", "-json", "filter", "show", "dev", device, hook) or "[]")
    )


def parse_tc_filters(listing: Sequence[Mapping[str, Any]]) -> list[TcFilter]:
    """Read `tc -statistics -json filter show`."""
    filters = []
    for entry in listing:
        options = entry.get("options")
        if options is None:  # a line that only says that the preference exists
            continue
        actions = options.get("actions", [])
        stats = actions[0].get("stats", {}) if actions else {}
        filters.append(
            TcFilter(
                kind=entry["kind"],
                preference=entry["pref"],
                chain=entry.get("chain", 0),
                handle=options.get("handle"),
                protocol=entry["protocol"],
                hits=Counter(stats.get("packets", 0), stats.get("bytes", 0)),
                actions=tuple(action.get("kind") or action["type"] for action in actions),  # of nat it is the type
                in_hardware=bool(options.get("in_hw")),
            )
        )
    return filters


def wait_until(predicate: Callable[[], T], timeout: float = 5.0) -> T:
    """Ask again and again until the answer is true; return the last answer, true or not, after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (answer := predicate()) and time.monotonic() < deadline:
        time.sleep(_POLL)
    return answer


def _connection(line: str) -> Connection:
    words = line.split()
    if words[0] in {"ipv4", "ipv6"}:  # the network protocol's name and number
        words = words[2:]
    protocol = words[0]
    fields: list[dict[str, str]] = [{}, {}]
    common: dict[str, str] = {}
    state = ""
    direction = -1
    for word in words[2:]:
        name, equals, value = word.partition("=")
        if not equals:
            state = word if _STATE.fullmatch(word) else state
            continue
        if name == "src":
            direction += 1
        if name in {"mark", "use", "zone", "secctx", "delta-time"}:
            common[name] = value
        else:
            fields[direction][name] = value
    # zone= is both directions', zone-orig= and zone-reply= stand behind the direction they belong to.
    original, reply = (_tuple(one, common.get("zone", "0")) for one in fields)
    flags = frozenset(_FLAGS.findall(line))
    return Connection(protocol, state, original, reply, int(common.get("mark", "0")), flags)


def _tuple(fields: Mapping[str, str], zone: str) -> Tuple:
    def number(name: str) -> int | None:
        return int(fields[name], 0) if name in fields else None

    own_zone = fields.get("zone-orig", fields.get("zone-reply", zone))
    return Tuple(
        source=str(ipaddress.ip_address(fields["src"])),
        destination=str(ipaddress.ip_address(fields["dst"])),
        source_port=number("sport"),
        destination_port=number("dport"),
        identifier=number("id"),
        key=number("srckey"),
        zone=int(own_zone),
        packets=number("packets"),
        bytes=number("bytes"),
    )
