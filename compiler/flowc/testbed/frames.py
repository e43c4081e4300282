"""Build packets by hand, and read them: for what a socket cannot send, or does not show.

`ethernet(...)` around one of the `..._packet` functions is a frame for a packet socket;
`parse` turns a frame into a `Packet`. Addresses are text; the address decides between
IPv4 and IPv6. Checksums are right.
"""

import socket
import struct
from dataclasses import dataclass
from ipaddress import ip_address

ARP, IPV4, IPV6, BRIDGED, VLAN = 0x0806, 0x0800, 0x86DD, 0x6558, 0x8100  # linux/if_ether.h
PROTOCOLS = {
    1: "icmp",
    6: "tcp",
    17: "udp",
    47: "gre",
    58: "icmpv6",
    132: "sctp",
    136: "udplite",
}  # IANA protocol numbers
_FLAGS = "FSRPAUEC"  # TCP flags, from the lowest bit
_MSS_OPTION = 2
_DESTINATION_OPTIONS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """What tests ask of a packet; None where the packet has no such thing."""

    length: int  # of the whole frame
    source_mac: str | None = None
    destination_mac: str | None = None
    vlan: int | None = None  # the outermost tag
    tags: tuple[int, ...] = ()  # all tags, the outermost first
    source: str | None = None  # IP addresses (of an ARP packet: sender and target)
    destination: str | None = None
    protocol: str = ""  # "tcp", "udp", "icmp", "icmpv6", "gre", "arp", or a number
    ttl: int | None = None
    df: bool = False
    source_port: int | None = None
    destination_port: int | None = None
    flags: str = ""  # of TCP: letters of FSRPAUEC
    sequence: int | None = None
    acknowledgement: int | None = None
    mss: int | None = None
    key: int | None = None  # of GRE
    inner: "Packet | None" = None  # of GRE
    operation: int | None = None  # of ARP: 1 is a request, 2 a reply; of ICMP: the type
    code: int | None = None
    payload: bytes = b""  # above TCP, UDP, SCTP's common header; of ICMP: behind the checksum
    outgoing: bool = False  # sent by the device it was seen on


def ethernet(source_mac: str, destination_mac: str, payload: bytes, ethertype: int | None = None) -> bytes:
    """A frame; the ethertype is the payload's IP version unless given."""
    kind = ethertype or (IPV6 if payload[0] >> 4 == 6 else IPV4)
    return _mac(destination_mac) + _mac(source_mac) + struct.pack("!H", kind) + payload


def arp_frame(operation: int, sender: tuple[str, str], target: tuple[str, str], destination_mac: str = "") -> bytes:
    """An ARP frame (1 request, 2 reply); sender and target are (MAC, address); broadcast unless told."""
    body = struct.pack("!HHBBH", 1, IPV4, 6, 4, operation)
    body += _mac(sender[0]) + _address(sender[1]) + _mac(target[0]) + _address(target[1])
    return ethernet(sender[0], destination_mac or "ff:ff:ff:ff:ff:ff", body, ARP)


def ip_packet(
    source: str, destination: str, protocol: int, payload: bytes, *, ttl: int = 64, df: bool = False
) -> bytes:
    """An IPv4 or IPv6 packet without options."""
    ends = _address(source) + _address(destination)
    if len(ends) == 32:
        return struct.pack("!IHBB", 6 << 28, len(payload), protocol, ttl) + ends + payload
    fields = (0x45, 0, 20 + len(payload), 0, 0x4000 if df else 0, ttl, protocol)
    head = struct.pack("!BBHHHBB", *fields)
    return head + struct.pack("!H", _checksum(head + ends)) + ends + payload


def summed_packet(source: str, destination: str, protocol: int, payload: bytes) -> bytes:
    """A packet of a protocol without ports whose checksum, at its end, covers all of it, as that of IGMP or OSPF does.

    Nobody is told that a rule refuses one with another sum, whatever its protocol (kernel: `nf_reject_verify_csum` in
    include/net/netfilter/nf_reject.h); that of IPv6 is over the pseudo header, too (`nf_ip6_checksum`).
    """
    body = payload + bytes(2 + len(payload) % 2)
    if ":" in source:
        body = _with_checksum(source, destination, protocol, body, len(body) - 2)
    else:
        body = body[:-2] + struct.pack("!H", _checksum(body))
    return ip_packet(source, destination, protocol, body)


def udp_packet(
    source: str, destination: str, source_port: int, port: int, payload: bytes = b"", *, ttl: int = 64
) -> bytes:
    """A UDP datagram."""
    body = struct.pack("!HHHH", source_port, port, 8 + len(payload), 0) + payload
    return ip_packet(source, destination, 17, _with_checksum(source, destination, 17, body, 6), ttl=ttl)


def tcp_packet(
    source: str, destination: str, source_port: int, port: int, flags: str = "S", *,
    sequence: int = 0, acknowledgement: int = 0, mss: int | None = None, payload: bytes = b"", ttl: int = 64,
) -> bytes:  # fmt: skip
    """A TCP segment."""
    options = struct.pack("!BBH", _MSS_OPTION, 4, mss) if mss else b""
    bits = sum(1 << _FLAGS.index(flag) for flag in flags)
    head = struct.pack("!HHIIBB", source_port, port, sequence, acknowledgement, (5 + len(options) // 4) << 4, bits)
    body = head + struct.pack("!HHH", 0xFFFF, 0, 0) + options + payload
    return ip_packet(source, destination, 6, _with_checksum(source, destination, 6, body, 16), ttl=ttl)


def udplite_packet(source: str, destination: str, source_port: int, port: int, payload: bytes = b"") -> bytes:
    """A UDP-Lite datagram, covered by its checksum as a whole (RFC 3828)."""
    body = struct.pack("!HHHH", source_port, port, 8 + len(payload), 0) + payload
    return ip_packet(source, destination, 136, _with_checksum(source, destination, 136, body, 6))


def sctp_packet(
    source: str, destination: str, source_port: int, port: int, chunk: bytes, *, verification_tag: int = 0
) -> bytes:
    """An SCTP packet of one chunk (RFC 9260, 3); the verification tag of an INIT is 0."""
    head = struct.pack("!HHI", source_port, port, verification_tag)
    checksum = struct.pack("<I", _crc32c(head + bytes(4) + chunk))
    return ip_packet(source, destination, 132, head + checksum + chunk)


def sctp_init(tag: int, parameter: bytes = b"", *, acknowledgement: bool = False) -> bytes:
    """An INIT chunk, or an INIT ACK: with a parameter that a receiver shall skip (type 0x8000 and up; RFC 9260, 3.2.1)."""
    cookie = _parameter(7, b"cookie!!") if acknowledgement else b""  # an INIT ACK must have one
    options = cookie + (_parameter(0xBEEF, parameter) if parameter else b"")
    head = struct.pack("!BBHIIHHI", 2 if acknowledgement else 1, 0, 20 + len(options), tag, 1 << 16, 1, 1, 1)
    return head + options + bytes(-len(options) % 4)  # the length leaves out the padding at the end (3.2)


def _parameter(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, 4 + len(value)) + value


def icmp_echo_packet(
    source: str, destination: str, identifier: int, sequence: int = 1, payload: bytes = b"", *, ttl: int = 64
) -> bytes:
    """An echo request, ICMP or ICMPv6."""
    body = struct.pack("!HH", identifier, sequence) + payload
    return icmp_packet(source, destination, 128 if ":" in destination else 8, 0, body, ttl=ttl)


def icmp_packet(source: str, destination: str, kind: int, code: int, body: bytes, *, ttl: int = 64) -> bytes:
    """An ICMP or ICMPv6 message; the body is what stands behind the checksum."""
    message = struct.pack("!BBH", kind, code, 0) + body
    if ":" in destination:
        return ip_packet(source, destination, 58, _with_checksum(source, destination, 58, message, 2), ttl=ttl)
    message = message[:2] + struct.pack("!H", _checksum(message)) + message[4:]
    return ip_packet(source, destination, 1, message, ttl=ttl)


def gre_packet(source: str, destination: str, payload: bytes, *, key: int | None, protocol: int = BRIDGED) -> bytes:
    """A GRE packet (RFC 2890); the default protocol carries an Ethernet frame, as a gretap does."""
    head = struct.pack("!HH", 0x2000 if key is not None else 0, protocol)
    if key is not None:
        head += struct.pack("!I", key)
    return ip_packet(source, destination, 47, head + payload)


def parse(frame: bytes, *, link_layer: bool = True, vlan: int | None = None, outgoing: bool = False) -> Packet:
    """Read a frame, or a bare IP packet (of a device without a link layer). Raises IndexError or struct.error
    for one that is cut short.
    """
    known: dict[str, object] = {"length": len(frame), "vlan": vlan, "outgoing": outgoing}
    body = frame
    kind = IPV6 if frame[0] >> 4 == 6 else IPV4
    if link_layer:
        known |= {"destination_mac": frame[:6].hex(":"), "source_mac": frame[6:12].hex(":")}
        (kind,) = struct.unpack_from("!H", frame, 12)
        body = frame[14:]
        tags = [] if vlan is None else [vlan]
        while kind == VLAN:
            tag, kind = struct.unpack_from("!HH", body)
            tags.append(tag & 0xFFF)
            body = body[4:]
        known |= {"vlan": tags[0] if tags else None, "tags": tuple(tags)}
    if kind == ARP:
        known |= _arp_fields(body)
    elif kind in {IPV4, IPV6}:
        known |= _ip_fields(body, kind)
    else:
        known["protocol"] = hex(kind)
    return Packet(**known)  # type: ignore[arg-type]  # the names above are the fields' names


def _arp_fields(body: bytes) -> dict[str, object]:
    (operation,) = struct.unpack_from("!H", body, 6)
    source, destination = (str(ip_address(body[at : at + 4])) for at in (14, 24))
    return {"protocol": "arp", "operation": operation, "source": source, "destination": destination}


def _ip_fields(body: bytes, kind: int) -> dict[str, object]:
    if kind == IPV4:
        _, _, total, _, fragment, ttl, protocol = struct.unpack_from("!BBHHHBB", body)
        ends, upper = body[12:20], body[(body[0] & 15) * 4 : total]
        first = fragment & 0x1FFF == 0
    else:
        _, length, protocol, ttl = struct.unpack_from("!IHBB", body)
        ends, upper, fragment, first = body[8:40], body[40 : 40 + length], 0, True
        if protocol == _DESTINATION_OPTIONS:  # a tunnel over IPv6 says there how deep it may be nested (RFC 2473)
            protocol, upper = upper[0], upper[8 + 8 * upper[1] :]
    half = len(ends) // 2
    known: dict[str, object] = {
        "source": str(ip_address(ends[:half])),
        "destination": str(ip_address(ends[half:])),
        "protocol": PROTOCOLS.get(protocol, str(protocol)),
        "ttl": ttl,
        "df": bool(fragment & 0x4000),
    }
    return known | (_upper_fields(protocol, upper) if first else {})


def _upper_fields(protocol: int, body: bytes) -> dict[str, object]:
    match PROTOCOLS.get(protocol):
        case "tcp":
            source, destination, sequence, acknowledgement, offset, bits = struct.unpack_from("!HHIIBB", body)
            head = (offset >> 4) * 4
            flags = "".join(flag for bit, flag in enumerate(_FLAGS) if bits & 1 << bit)
            known = {"source_port": source, "destination_port": destination}
            known |= {"sequence": sequence, "acknowledgement": acknowledgement}
            return known | {"flags": flags, "mss": _mss(body[20:head]), "payload": body[head:]}
        case "udp" | "udplite":
            source, destination = struct.unpack_from("!HH", body)
            return {"source_port": source, "destination_port": destination, "payload": body[8:]}
        case "sctp":
            source, destination = struct.unpack_from("!HH", body)
            return {"source_port": source, "destination_port": destination, "payload": body[12:]}
        case "icmp" | "icmpv6":
            return {"operation": body[0], "code": body[1], "payload": body[4:]}
        case "gre":
            return _gre_fields(body)
        case _:
            return {"payload": body}


def _gre_fields(body: bytes) -> dict[str, object]:
    bits, kind = struct.unpack_from("!HH", body)
    at = 4 + (4 if bits & 0x8000 else 0)  # a checksum comes before the key
    known: dict[str, object] = {}
    if bits & 0x2000:
        (known["key"],) = struct.unpack_from("!I", body, at)
        at += 4
    at += 4 if bits & 0x1000 else 0  # a sequence number
    if kind in {BRIDGED, IPV4, IPV6}:
        known["inner"] = parse(body[at:], link_layer=kind == BRIDGED)
    return known


def _mss(options: bytes) -> int | None:
    at = 0
    while at < len(options) and options[at] != 0:
        if options[at] == 1:  # padding of one byte
            at += 1
            continue
        if options[at] == _MSS_OPTION:
            return int.from_bytes(options[at + 2 : at + 4], "big")
        at += options[at + 1] or len(options)
    return None


def _with_checksum(source: str, destination: str, protocol: int, body: bytes, at: int) -> bytes:
    """The body with the checksum over it and the pseudo header (RFC 9293, RFC 8200) written at an offset."""
    pseudo = _address(source) + _address(destination) + struct.pack("!II", len(body), protocol)
    checksum = _checksum(pseudo + body) or 0xFFFF  # 0 would say that UDP has none
    return body[:at] + struct.pack("!H", checksum) + body[at + 2 :]


def _checksum(data: bytes) -> int:
    """The Internet checksum of RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _crc32c_table() -> tuple[int, ...]:
    found = []
    for byte in range(256):
        rest = byte
        for _ in range(8):
            rest = rest >> 1 ^ (
                0x82F63B78 if rest & 1 else 0
            )  # Castagnoli's polynomial, reflected (RFC 9260, appendix A)
        found.append(rest)
    return tuple(found)


_CRC32C = _crc32c_table()


def _crc32c(data: bytes) -> int:
    rest = 0xFFFFFFFF
    for byte in data:
        rest = _CRC32C[(rest ^ byte) & 0xFF] ^ rest >> 8
    return rest ^ 0xFFFFFFFF


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _address(text: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
