"""What the template prints many of: elements of sets, and rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flowc.backends.script import where
from flowc.hoststate.marks import HAIRPIN_MARK, OFFLOAD_MARK
from flowc.hoststate.nft import Clamp, Outside, SnatRule, SourceSets
from flowc.hoststate.rules import (
    AddressMatch,
    ConnectionLimit,
    FilterRule,
    IcmpMatch,
    Meter,
    PolicyChain,
    PortMatch,
    ProtocolMatch,
    RateLimit,
    RuleChain,
    TrafficMatch,
    Verdict,
)
from flowc.hoststate.sets import ByFamily, NftSet, PlaceMap
from flowc.source import Span

COMMENT_BYTES = 127
"""nft refuses a comment of more than 128 bytes with its final NUL (NFTNL_UDATA_COMMENT_MAXLEN)."""

_IN_QUOTES = str.maketrans('"\\', "??")
"""nft knows no escapes within quotes."""

SET_OFFLOAD = f"ct mark set ct mark | {OFFLOAD_MARK:#x}"
CLEAR_OFFLOAD = f"ct mark set ct mark & {OFFLOAD_MARK ^ 0xFFFFFFFF:#x}"


class Text:
    """The functions that the template calls, with or without provenance."""

    def __init__(self, provenance: bool) -> None:
        self._provenance = provenance

    # ---- sets and maps

    def declared(self, groups: Iterable[NftSet | ByFamily | PlaceMap]) -> str:
        """The declarations of the sets that have elements."""
        return "\n".join(self._set(one) for group in groups for one in each(group) if one)

    def _set(self, one: NftSet) -> str:
        kind, type_ = ("set", one.key) if one.value is None else ("map", f"{one.key} : {one.value}")
        head = f"    {kind} {one.name} {{\n        typeof {type_}\n"
        flags = "        flags interval\n" if one.interval else ""
        return head + flags + "        elements = {\n" + self._elements(one) + "        }\n    }"

    def _elements(self, one: NftSet) -> str:
        keys: Iterable[str] = one.keys
        if one.value is not None:
            keys = map(" : ".join, zip(one.keys, one.values, strict=True))
        if not self._provenance:
            return "".join(f"            {key},\n" for key in keys)
        return "".join(f"            {key},  # {where(span)}\n" for key, span in zip(keys, one.spans, strict=True))

    def meter(self, one: Meter) -> str:
        """The declaration of a set that packets fill."""
        flags = "dynamic" if one.timeout is None else "dynamic, timeout"
        lines = [f"typeof {one.key}", f"size {one.size}", f"flags {flags}"]
        lines += [] if one.timeout is None else [f"timeout {one.timeout}s"]
        body = "".join(f"        {line}\n" for line in lines)
        return f"    set {one.name} {{{self.source(one.span)}\n{body}    }}"

    def quoted(self, devices: Iterable[str]) -> str:
        return ", ".join(f'"{device}"' for device in devices)

    def clamped_devices(self, clamps: Iterable[Clamp]) -> str:
        return self.quoted(sorted(device for clamp in clamps for device in clamp.devices))

    def pinned(self, sets: SourceSets, place: str) -> Iterator[str]:
        """What is pinned to a MAC comes from that MAC."""
        for (ip, pinned), (_, macs) in zip(sets.pinned, sets.pinned_macs, strict=True):
            source = f"{place} . {ip} saddr"
            drop = 'counter drop comment "spoofed MAC address"'
            yield f"{source} @{pinned.name} {source} . ether saddr != @{macs.name} {drop}"

    def sibling(self, word: str, outside: Outside) -> str:
        """The name of another chain of the same zone."""
        return word + outside.chain.removeprefix("nat")

    def source(self, span: Span) -> str:
        """Where what follows comes from, for what nft keeps no comment with."""
        return f"  # {where(span)}" if self._provenance else ""

    # ---- rules

    def rules(self, chain: PolicyChain) -> str:
        lines = [line for rule in chain.rules for line in self._rule(rule)]
        lines.append("counter drop" + self._comment(chain.span, "default deny"))
        return "\n".join(f"        {line}" for line in lines)

    def rule_chain(self, chain: RuleChain) -> str:
        return "\n".join(f"        {line}" for line in self._rule(chain.rule))

    def _rule(self, rule: FilterRule) -> Iterator[str]:
        matches = [*_family(rule), *_addresses("saddr", rule.source), *_addresses("daddr", rule.destination)]
        matches += [*_traffic(rule.traffic), *(["ct status dnat"] if rule.translated else [])]
        actions = [*_connections(rule.connections), *_limit(rule.limit)]
        comment = self._comment(rule.span)
        if rule.chain is not None:
            yield " ".join([*matches, *actions, f"goto {rule.chain}"]) + comment
            return
        if rule.log is not None:
            # Of its own, so that what is too much for the log is treated like the rest.
            yield " ".join([*matches, *_limit(rule.log.rate), f'log prefix "{rule.log.prefix}: "']) + comment
        actions += [f'ct helper set "{helper.name}"' for helper in rule.helpers]
        if rule.offload is not None:
            actions.append(SET_OFFLOAD if rule.offload else CLEAR_OFFLOAD)
        if rule.counter or rule.verdict is not Verdict.ACCEPT:
            actions.append("counter")
        if rule.verdict is not Verdict.REJECT:
            yield " ".join([*matches, *actions, rule.verdict]) + comment
            return
        # TCP hears of a rejection by a reset, everything else by ICMP. The protocol stands before what has an effect.
        protocols = _protocols(rule.traffic)
        if protocols == {"tcp"}:
            yield " ".join([*matches, *actions, "reject with tcp reset"]) + comment
            return
        if protocols is None or "tcp" in protocols:
            yield " ".join([*matches, "meta l4proto tcp", *actions, "reject with tcp reset"]) + comment
        yield " ".join([*matches, *actions, "reject"]) + comment

    def snat(self, rule: SnatRule) -> str:
        ip = "ip" if rule.family == 4 else "ip6"
        family = "" if f"{ip} saddr" in rule.key else f"meta nfproto ipv{rule.family} "
        match = family + _places(rule)
        comment = self._comment(rule.span)
        lines = []
        for condition, to in _translations(rule):
            if rule.ports:
                low, high = rule.ports
                ports = f":{low}" if low == high else f":{low}-{high}"
                protocols = "meta l4proto { tcp, udp }"
                lines.append(f"{condition}{match} {protocols} {_translate(to, ip, ports)}{comment}")
            lines.append(f"{condition}{match} {_translate(to, ip, '')}{comment}")
        return "\n".join(f"        {line}" for line in lines)

    def _comment(self, span: Span, otherwise: str = "") -> str:
        """Where the rule comes from, as nft keeps it; the end of a long path says more than its start."""
        if not self._provenance:
            return f' comment "{otherwise}"' if otherwise else ""
        text = where(span).translate(_IN_QUOTES)
        if otherwise:
            text = f"{text} {otherwise}"
        return f' comment "{text.encode()[-COMMENT_BYTES:].decode(errors="ignore")}"'


def each(group: NftSet | ByFamily | PlaceMap) -> tuple[NftSet, ...]:
    """The sets of a group."""
    if isinstance(group, NftSet):
        return (group,)
    return (group.v4, group.v6) if isinstance(group, ByFamily) else group.sets()


def _family(rule: FilterRule) -> list[str]:
    """Nothing where an address or an ICMP type says it."""
    if rule.family is None or rule.source or rule.destination or isinstance(rule.traffic, IcmpMatch):
        return []
    return [f"meta nfproto ipv{rule.family}"]


def _addresses(side: str, match: AddressMatch | None) -> list[str]:
    if match is None:
        return []
    ip = "ip" if match.family == 4 else "ip6"
    return [f"{ip} {side} {_list(match.elements, negated=match.negated)}"]


def _list(elements: tuple[str, ...], *, negated: bool) -> str:
    text = elements[0] if len(elements) == 1 else "{ " + ", ".join(elements) + " }"
    return f"!= {text}" if negated else text


def _traffic(match: TrafficMatch | None) -> list[str]:
    if match is None:
        return []
    if isinstance(match, ProtocolMatch):
        return [f"meta l4proto {_list(match.protocols, negated=False)}"]
    if isinstance(match, IcmpMatch):
        return [f"{'icmp' if match.family == 4 else 'icmpv6'} type {_list(match.types, negated=False)}"]
    protocols = {protocol for protocol, _, _ in match.ports}
    if len(protocols) == 1:
        ports = tuple(_range(low, high) for _, low, high in match.ports)
        return [f"{protocols.pop()} dport {_list(ports, negated=False)}"]
    pairs = tuple(f"{protocol} . {_range(low, high)}" for protocol, low, high in match.ports)
    return [f"meta l4proto . th dport {_list(pairs, negated=False)}"]


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"


def _limit(limit: RateLimit | None) -> list[str]:
    if limit is None:
        return []
    burst = f" burst {limit.burst} packets" if limit.burst else ""
    return [_metered(limit.meter, f"limit rate {limit.rate}/{limit.unit}{burst}")]


def _connections(limit: ConnectionLimit | None) -> list[str]:
    return [] if limit is None else [_metered(limit.meter, f"ct count {limit.count}")]


def _metered(meter: Meter | None, statement: str) -> str:
    """The statement for each key of a meter. `update` also starts the element's timeout again."""
    if meter is None:
        return statement
    return f"{'add' if meter.timeout is None else 'update'} @{meter.name} {{ {meter.key} {statement} }}"


def _protocols(match: TrafficMatch | None) -> set[str] | None:
    """The layer 4 protocols that can match; None is any."""
    if match is None:
        return None
    if isinstance(match, PortMatch):
        return {protocol for protocol, _, _ in match.ports}
    return set(match.protocols) if isinstance(match, ProtocolMatch) else set()


def _places(rule: SnatRule) -> str:
    """One place is told part by part, several are a set."""
    if len(rule.elements) > 1:
        return f"{rule.key} {_list(rule.elements, negated=False)}"
    parts = zip(rule.key.split(" . "), rule.elements[0].split(" . "), strict=True)
    return " ".join(f"{key} {value}" for key, value in parts)


def _translations(rule: SnatRule) -> list[tuple[str, str | None]]:
    """What the packet has to be besides, and what it leaves as (None: the address of the interface it leaves by)."""
    if rule.to is not None or rule.hairpin is None:
        return [("", rule.to)]
    return [(f"ct mark & {HAIRPIN_MARK:#x} != 0 ", rule.hairpin), ("", None)]


def _translate(to: str | None, ip: str, ports: str) -> str:
    """The statement itself. An IPv6 address with ports stands in brackets."""
    if to is None:
        return f"masquerade to {ports}" if ports else "masquerade"
    if ports and ip == "ip6":
        to = "-".join(f"[{end}]" for end in to.split("-"))
    return f"snat {ip} to {to}{ports}"
