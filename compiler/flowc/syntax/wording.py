"""What stands where, in words: names for the things the grammar expects, and for the words of a text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from flowc.syntax.scan import END, JOINTS, Word

MAX_SHOWN = 40

SHOWN_KINDS = {
    "_ARROW": "`->`",
    "_BOTH": "`<->`",
    "_COMMA": "`,`",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "COLON": "`:`",
    "SLASH": "`/`",
    "EQUAL": "`=`",
    "MINUS": "`-`",
    "IPADDR": "an address",
    "INT": "a number",
    "VERSION": "a version such as 6.1",
    "MACADDR": "a MAC address such as 52:54:00:00:00:01",
}
"""What to call a kind of word that is no keyword. Names and texts depend on where they stand."""

DECLARED = {
    "host": "host",
    "vrf": "VRF",
    "interface": "interface",
    "tunnel": "tunnel",
    "endpoint": "endpoint",
    "zone": "zone",
    "pool": "pool",
    "service": "service",
    "let": "value",
}
"""The statements that give something a name."""

TABLES = ("eips", "endpoints", "neighbors", "routes", "forwards")

PACKETS = ("tcp", "udp", "sctp", "udplite", "icmp", "icmpv4", "icmpv6", "gre", "esp", "ah", "protocol", "any")
"""The words that start a packet statement."""

_OPERAND = "an address, a name or a set of them"
_PORTS = "a port, a range of ports or a set of them"
_TARGET = "an address or the name of an endpoint"

AFTER: dict[tuple[str, str], str] = {
    # (first word of the statement, or "" for any; word before): what is expected
    ("policy", "policy"): "a zone name",
    ("policy", "->"): "a zone name",
    ("nat", "nat"): "a zone name",
    ("nat", "->"): "a zone name",
    ("pool", "at"): "a zone name",
    ("eip", "eip"): "the EIP address",
    ("eip", "<->"): _TARGET,
    ("eip", "vrf"): "a VRF name",
    ("eip", "datapath"): "`nft` or `tc`",
    ("policy", "datapath"): "`nft` or `tc`",
    ("neighbor", "neighbor"): _TARGET,
    ("route", "route"): "`default` or a prefix",
    ("route", "via"): "a gateway: an address or the name of an endpoint",
    ("snat", "snat"): _OPERAND,
    ("snat", "->"): "an address or a range of addresses",
    ("dnat", "->"): _TARGET,
    **{(packet, "from"): "a zone, an interface, an endpoint or `self`" for packet in PACKETS},
    **{(packet, "->"): _OPERAND for packet in PACKETS},
    **{(packet, packet): _OPERAND for packet in PACKETS if packet != "protocol" and not packet.startswith("icmp")},
    ("expect", "source"): _TARGET,
    ("expect", "destination"): _TARGET,
    ("let", "="): "an address, a port, a name or a set of them",
    **{(rule, ","): "a protocol or the name of a service" for rule in ("accept", "drop", "reject", "service")},
    ("service", "="): "a protocol and its ports, such as `tcp 80`",
    ("", "on"): "an interface name",
    ("", "interface"): "an interface name",
    ("", "vrf"): "a VRF name",
    ("", "device"): "a device name",
    ("", "over"): "a tunnel name",
    ("", "from"): _OPERAND,
    ("", "to"): _OPERAND,
    ("", "not"): _OPERAND,
    ("", "tcp"): _PORTS,
    ("", "udp"): _PORTS,
    ("", "include"): 'a file name in quotes, such as "base.flow"',
    ("", "test"): "the test's title in quotes",
    ("", "helper"): "the name of a conntrack helper",
    ("", "table"): "a routing table number",
    ("", "key"): "a tunnel key (a number)",
    ("", "mtu"): "a number of bytes",
    ("", "limit"): "a rate such as `10/second`",
    ("", "rate"): "a rate such as `10/second`",
    ("", "ports"): "a range of ports such as 20000-29999",
    ("", "address"): "an address such as 10.0.0.1/24",
    **{(table, "from"): 'a file name in quotes, such as "rows.csv"' for table in TABLES},
}


def shown(text: str) -> str:
    """A piece of the user's text in a message: short, in one line and printable."""
    text = text.strip()
    if len(text) > MAX_SHOWN:
        text = text[: MAX_SHOWN - 1] + "…"
    return "`" + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text) + "`"


def found(word: Word) -> str:
    """The word in a message."""
    if word.type == END:
        return "the end of the file"
    if word.type == "_SEP":
        return "`;`" if word.startswith(";") else "the end of the line"
    return SHOWN_KINDS[word.type] if word.type in JOINTS else shown(word)


def character(char: str) -> str:
    """A character by its name, for those that cannot be seen."""
    name = unicodedata.name(char, "a control character" if ord(char) < 0xD800 else "an invalid character")
    return f"{name.lower()} (U+{ord(char):04X})"


def listed(things: Sequence[str], last: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    return things[0] if len(things) == 1 else f"{', '.join(things[:-1])} {last} {things[-1]}"


def _spelled(word: Word) -> str:
    return JOINTS.get(word.type, str(word))


def place(fed: Sequence[Word], block: str) -> str:
    """`after ...`: where the reader of a statement stands."""
    first, last = fed[0], fed[-1]
    declares = block in {"", "host"}
    if first == "eip" and last.type == "IPADDR":
        return "after the EIP address"
    if declares and len(fed) == 2 and first in DECLARED and last.type in {"NAME", "STRING"}:
        return f"after the {DECLARED[first]} name {found(last)}" if first != "let" else f"after {found(last)}"
    if first in {"policy", "nat"} and last.type in {"NAME", "STRING"}:
        return f"after the zone name {found(last)}"
    return f"after {found(last)}"


def wanted(fed: Sequence[Word], block: str, accepted: frozenset[str], spelling: dict[str, str]) -> str:
    """What can stand behind the words of a statement so far."""
    first, last = fed[0], fed[-1]
    if block in {"", "host"} and len(fed) == 1 and first in DECLARED and "STRING" in accepted:
        what = "a name for the " + DECLARED[first]
        return what if accepted <= {"NAME", "STRING"} else listed([what, *_kinds(accepted, spelling)])
    special = AFTER.get((str(first), _spelled(last))) or AFTER.get(("", _spelled(last)))
    if special is not None and last.type not in {"NAME", "STRING"}:
        return special
    return listed(_kinds(accepted, spelling) or ["something else"])


def _kinds(accepted: Iterable[str], spelling: dict[str, str]) -> list[str]:
    """The kinds of words as a list to read: values, then punctuation, then keywords."""
    kinds = set(accepted) - {"_SEP", END, "RBRACE"} or set(accepted) - {END}
    texts: list[str] = []
    values = [SHOWN_KINDS[kind] for kind in ("IPADDR", "MACADDR", "INT", "VERSION") if kind in kinds]
    if "NAME" in kinds:
        values.append("a name")
    elif "STRING" in kinds:
        values.append("a text in quotes")
    texts += values
    if "LBRACE" in kinds:
        texts.append("a set `{...}`" if values else "`{`")
    texts += [SHOWN_KINDS[kind] for kind in sorted(kinds) if kind in _PUNCTUATION]
    texts += [f"`{word}`" for word in sorted(spelling[kind] for kind in kinds if kind in spelling)]
    if kinds & {"_SEP"}:
        texts.append("the end of the line")
    if "RBRACE" in kinds:
        texts.append("`}`")
    return texts


_PUNCTUATION = frozenset({"_ARROW", "_BOTH", "_COMMA", "LSQB", "RSQB", "COLON", "SLASH", "EQUAL", "MINUS"})
