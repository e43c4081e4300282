"""A rule of nft's with names where `nft -n` lists numbers: the numbers are compared, the names are told.

The names are those that nft lists without `-n` (nft(8): PAYLOAD EXPRESSIONS, CONNTRACK EXPRESSIONS, META EXPRESSIONS).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from flowc.ir.icmp import ICMP_TYPES, ICMPV6_TYPES

_STATES = ("invalid", "established", "related", "new")
_FLAGS = ("fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr")
_PROTOCOLS = {
    "1": "icmp", "6": "tcp", "17": "udp", "47": "gre", "50": "esp", "51": "ah", "58": "ipv6-icmp", "132": "sctp",
    "136": "udplite",
}  # fmt: skip
_NAMES: dict[str, Mapping[str, str]] = {
    "ct state": {f"{1 << bit:#x}": name for bit, name in enumerate(_STATES)} | {"0x40": "untracked"},
    "ct direction": {"0": "original", "1": "reply"},
    "ct status": {"0x8": "confirmed", "0x10": "snat", "0x20": "dnat"},
    "meta l4proto": _PROTOCOLS,
    "meta nfproto": {"2": "ipv4", "10": "ipv6"},
    "icmp type": {str(number): name for name, number in ICMP_TYPES.items()},
    "icmpv6 type": {str(number): name for name, number in ICMPV6_TYPES.items()},
    "tcp flags": {f"{1 << bit:#x}": name for bit, name in enumerate(_FLAGS)},
}
_SELECTOR = "|".join(_NAMES)
_NUMBER = "(?:0x[0-9a-f]+|[0-9]+)"
_MATCH = re.compile(
    rf"(?P<selector>\b(?:{_SELECTOR})) (?P<operator>(?:!=? |vmap )?)"
    rf"(?P<values>\{{ [^{{}}]* \}}|{_NUMBER}(?:,{_NUMBER})*(?: / {_NUMBER}(?:,{_NUMBER})*)?(?![^ ]))"
)
_CONCATENATED = re.compile(r"(?P<selectors>[a-z0-9]+ [a-z0-9]+(?: \. [a-z0-9]+ [a-z0-9]+)+) (?P<operator>(?:!= )?)"
                           r"\{ (?P<keys>[^{}]*) \}")  # fmt: skip


def named(rule: str) -> str:
    """The rule as a person knows it."""
    return _MATCH.sub(_with_names, _CONCATENATED.sub(_with_names_in_keys, rule))


def _with_names(match: re.Match[str]) -> str:
    names, values = _NAMES[match["selector"]], match["values"]
    if values.startswith("{"):
        items = (item.partition(" : ") for item in values[2:-2].split(", "))
        values = f"{{ {', '.join(names.get(key, key) + colon + rest for key, colon, rest in items)} }}"
    else:
        values = re.sub(_NUMBER, lambda number: names.get(number[0], number[0]), values)
    return f"{match['selector']} {match['operator']}{values}"


def _with_names_in_keys(match: re.Match[str]) -> str:
    tables = [_NAMES.get(selector, {}) for selector in match["selectors"].split(" . ")]
    if not any(tables):
        return match[0]
    keys = (
        " . ".join(names.get(part, part) for names, part in zip(tables, key.split(" . "), strict=True))
        for key in match["keys"].split(", ")
    )
    return f"{match['selectors']} {match['operator']}{{ {', '.join(keys)} }}"
