"""Reading single values: addresses, prefixes, ports, MACs, device names, numbers.

Each function returns the value, or None after it has reported what is wrong with the text.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from typing import Literal

from flowc.diagnostics import Diagnostics, fixes
from flowc.ir.addresses import WIDTH, Family, Prefix, Range, format_address, mask, parse_address
from flowc.resolve import codes
from flowc.source import Span
from flowc.syntax import tree
from flowc.syntax.wording import shown

_DEVICE = re.compile(r"(?!.*[.][.])[A-Za-z0-9_.@+-]+\Z")
"""Narrower than the kernel: what neither nft, ip, tc, sysctl nor a shell reads as anything but a name."""

KERNEL_DEVICES = frozenset(
    ["lo", "all", "default", "gre0", "gretap0", "erspan0", "ip6gre0", "ip6tnl0", "tunl0", "sit0", "ip_vti0", "ip6_vti0"]
)
"""Loopback, the two words of net/*/conf, and the devices that tunnel modules make by themselves."""

SPECIAL: dict[Family, tuple[tuple[Range, str], ...]] = {
    4: (
        (Range(0xFFFFFFFF, 0xFFFFFFFF), "the broadcast address"),
        (Range(0, 0x00FFFFFF), "an unspecified address"),
        (Range(0x7F000000, 0x7FFFFFFF), "a loopback address"),
        (Range(0xE0000000, 0xEFFFFFFF), "a multicast address"),
        (Range(0xF0000000, 0xFFFFFFFF), "a reserved address"),
    ),
    6: (
        (Range(0, 0), "the unspecified address"),
        (Range(1, 1), "the loopback address"),
        (Range(0xFF << 120, (1 << 128) - 1), "a multicast address"),
    ),
}
"""The addresses that no machine has; the first range counts (RFC 6890, RFC 4291)."""

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


def address(node: tree.Value, diagnostics: Diagnostics, what: str = "an address") -> tuple[Family, int] | None:
    """One address without a prefix length."""
    if not isinstance(node, tree.Address):
        diagnostics.report(codes.BAD_ADDRESS, f"expected {what}", node.span)
        return None
    if "/" in node.text:
        bare = node.text.split("/")[0]
        diagnostics.report(
            codes.BAD_ADDRESS,
            f"expected {what}, found the prefix `{node.text}`",
            node.span,
            help=f"write the address alone: `{bare}`",
        )
        return None
    try:
        return parse_address(node.text)
    except ValueError:
        diagnostics.report(
            codes.BAD_ADDRESS, f"{shown(node.text)} is not an IP address", node.span, _why_bad(node.text)
        )
        return None


def _why_bad(text: str) -> str:
    """Say what is wrong with an IPv4 text; for IPv6 there is no short answer."""
    if ":" in text:
        return ""
    parts = text.split(".")
    if len(parts) != 4:
        return f"an IPv4 address has four numbers, this has {len(parts)}"
    for part in parts:
        if not part.isdecimal():
            return ""
        if len(part) > 20 or int(part) > 255:  # Python refuses to convert more than 4300 digits
            return f"{shown(part).strip('`')} is more than 255"
        if part != str(int(part)):
            return f"`{part}` has a leading zero"
    return ""


def host_address(node: tree.Value, diagnostics: Diagnostics, what: str = "an address") -> tuple[Family, int] | None:
    """The address that a machine can have: no multicast, loopback, broadcast or unspecified address."""
    found = address(node, diagnostics, what)
    if found is None:
        return None
    kind = _special(*found)
    if kind:
        diagnostics.report(
            codes.NOT_A_HOST, f"`{format_address(*found)}` is {kind}, not a machine's address", node.span
        )
        return None
    return found


def _special(family: Family, value: int) -> str | None:
    return next((what for (low, high), what in SPECIAL[family] if low <= value <= high), None)


def network(node: tree.Address, diagnostics: Diagnostics) -> Prefix | None:
    """A prefix where nothing but a network can be meant: what else host bits say is clear."""
    return prefix(node, diagnostics, sure=True)


def prefix(node: tree.Address, diagnostics: Diagnostics, *, sure: bool = False) -> Prefix | None:
    """A prefix; a bare address is the prefix of itself. Host bits are an error."""
    text, slash, length_text = node.text.partition("/")
    try:
        family, value = parse_address(text)
    except ValueError:
        diagnostics.report(codes.BAD_ADDRESS, f"{shown(text)} is not an IP address", node.span, _why_bad(text))
        return None
    length = _prefix_length(length_text, family, node.span, diagnostics) if slash else WIDTH[family]
    if length is None:
        return None
    network = mask(family, value, length)
    if network != value:
        right = f"{format_address(family, network)}/{length}"
        diagnostics.report(
            codes.HOST_BITS,
            f"`{node.text}` has host bits set",
            node.span,
            help=f"the network is `{right}`",
            fix=fixes.replace(f"write the network `{right}`", node.span, right) if sure else None,
        )
        return None
    return Prefix(family, network, length)


def _prefix_length(text: str, family: Family, span: Span, diagnostics: Diagnostics) -> int | None:
    """What stands behind the slash. After a stray character it may be anything, and as long as the file."""
    digits = text.lstrip("0") or "0"
    if text.isascii() and text.isdecimal() and len(digits) <= 3 and int(digits) <= WIDTH[family]:
        return int(digits)
    message = f"an IPv{family} prefix is at most {WIDTH[family]} bits long, not {shown(text).strip('`')}"
    diagnostics.report(codes.BAD_ADDRESS, message, span)
    return None


def host_prefix(node: tree.Address, diagnostics: Diagnostics) -> Prefix | None:
    """A prefix whose addresses machines can have."""
    found = prefix(node, diagnostics)
    kind = _special(found.family, found.network) if found else None
    if kind:
        diagnostics.report(codes.NOT_A_HOST, f"`{node.text}` begins with {kind}, not a machine's address", node.span)
        return None
    return found


def hosts_only(family: Family, found: Range, node: tree.Value, diagnostics: Diagnostics) -> bool:
    """Addresses that machines can have, all of them: else it is reported, with the first that none can have."""
    for special, what in SPECIAL[family]:
        shared = special.within(found)
        if shared:
            address = format_address(family, shared[0])
            message = f"`{node.span.text}` holds {what}, `{address}`, which is not a machine's"
            diagnostics.report(codes.NOT_A_HOST, message, node.span)
            return False
    return True


def interface_address(node: tree.Value, diagnostics: Diagnostics) -> IPv4Interface | IPv6Interface | None:
    """An interface's own address with its prefix length."""
    assert isinstance(node, tree.Address)
    text, slash, length = node.text.partition("/")
    bare = tree.Address(text, node.span)
    found = host_address(bare, diagnostics, "an address with a prefix length")
    if found is None:
        return None
    family, value = found
    if not slash:
        diagnostics.report(
            codes.BAD_ADDRESS,
            f"`{text}` lacks its prefix length",
            node.span,
            help=f"an interface has an address and a network: `{text}/{24 if family == 4 else 64}`",
        )
        return None
    bits = _prefix_length(length, family, node.span, diagnostics)
    if bits is None:
        return None
    if bits == 0:
        diagnostics.report(
            codes.NETWORK_OF_ALL,
            f"`{text}/0` puts every IPv{family} address on the link of the interface",
            node.span,
            help=f"write the network's length: `{text}/{24 if family == 4 else 64}`",
        )
        return None
    result = ip_interface(f"{text}/{bits}")
    net = result.network
    if net.prefixlen < WIDTH[family] - 1 and (
        result.ip == net.network_address or (family == 4 and result.ip == net.broadcast_address)
    ):
        which = "network" if result.ip == net.network_address else "broadcast"
        diagnostics.report(
            codes.NOT_A_HOST, f"`{text}` is the {which} address of {net}, not a machine's address", node.span
        )
        return None
    assert value == int(result.ip)
    return result


def mac(node: tree.Value, diagnostics: Diagnostics) -> str | None:
    """In lower case with two digits each, as the kernel prints it."""
    assert isinstance(node, tree.Mac)
    parts = node.text.lower().split(":")
    text = ":".join(part.zfill(2) for part in parts)
    if any(len(part) != 2 for part in parts):
        diagnostics.report(
            codes.BAD_MAC, f"`{node.text}` is not a MAC address", node.span, help=f"six pairs of digits: `{text}`"
        )
        return None
    if text == "00:00:00:00:00:00":
        diagnostics.report(codes.BAD_MAC, "the all-zero MAC address is nobody's", node.span)
        return None
    if int(parts[0], 16) & 1:
        kind = "broadcast" if text == "ff:ff:ff:ff:ff:ff" else "multicast"
        diagnostics.report(codes.BAD_MAC, f"`{text}` is a {kind} MAC address, no machine has it", node.span)
        return None
    return text


def ports(node: tree.PortRange, diagnostics: Diagnostics) -> tuple[int, int] | None:
    """A port range, both ends included."""
    low, high = node.low.value, node.high.value
    for end in (node.low, node.high):
        if not 1 <= end.value <= 65535:
            diagnostics.report(codes.BAD_PORT, f"{end.value} is not a port", end.span, "ports are 1 to 65535")
            return None
    if high < low:
        diagnostics.report(
            codes.INVERTED_RANGE,
            f"the range ends before it starts: {low}-{high}",
            node.span,
            help=f"write `{high}-{low}`",
        )
        return None
    return low, high


def number(node: tree.Value, low: int, high: int, what: str, diagnostics: Diagnostics) -> int | None:
    """An integer between two bounds, both included."""
    assert isinstance(node, tree.Number)
    if low <= node.value <= high:
        return node.value
    diagnostics.report(
        codes.BAD_NUMBER, f"{node.value} is not a valid {what}", node.span, f"it has to be {low} to {high}"
    )
    return None


def burst(node: tree.Value, rate: int | None, unit: str, diagnostics: Diagnostics) -> int | None:
    """The burst of a rate. The kernel counts both in nanoseconds, which have to fit 64 bits (nft_limit_init)."""
    each = _SECONDS[unit] * 10**9 // (rate or 1)
    return number(node, 1, min(2**32 - 1, (2**64 - 1) // max(each, 1)), "burst at this rate", diagnostics)


def device(node: tree.Name, diagnostics: Diagnostics, *, declared: bool = False) -> str | None:
    """A network device's name. `declared`: it is the name of the declaration and no `device` was given."""
    text = node.text
    problem = None
    if not 1 <= len(text.encode()) <= 15:
        problem = f"it has {len(text.encode())} bytes, the kernel takes 1 to 15"
    elif not _DEVICE.match(text) or text == ".":
        problem = "letters, digits, `_ @ + -` and single dots are possible"
    elif text in KERNEL_DEVICES:
        problem = "the kernel uses it for something else"
    if problem is None:
        return text
    diagnostics.report(
        codes.BAD_DEVICE,
        f"{shown(text)} cannot be a device name",
        node.span,
        problem,
        help="give the device a name of its own: `device NAME`" if declared else None,
    )
    return None


def printable(node: tree.String | tree.Name, limit: int, what: str, diagnostics: Diagnostics) -> str | None:
    """A text that goes into a ruleset as it is: no control characters, at most `limit` bytes.

    nft takes `$` in it for the start of a variable's name.
    """
    for at, character in enumerate(node.text):
        if not character.isprintable() or character in '"\\$':
            before = (node.span.end - node.span.start - len(node.text)) // 2 + at  # behind a quote, if it is quoted
            place = node.span.source.span(node.span.start + before, node.span.start + before + 1)
            name = f"`{character}`" if character.isprintable() else f"the character U+{ord(character):04X}"
            diagnostics.report(codes.BAD_TEXT, f"the {what} holds {name}, which nft cannot print", place)
            return None
    if len(node.text.encode()) > limit:
        diagnostics.report(
            codes.BAD_TEXT, f"the {what} has {len(node.text.encode())} bytes, at most {limit} are possible", node.span
        )
        return None
    return node.text


def taker(name: tree.Name | None) -> Literal["nft", "tc"] | None:
    """What stands behind `datapath`."""
    if name is None:
        return None
    return "tc" if name.text == "tc" else "nft"
