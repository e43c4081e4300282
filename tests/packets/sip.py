"""As much of SIP (RFC 3261) and SDP (RFC 4566) as a conntrack helper reads: a call and its answer, with the media ends."""

import re

from tests.packets.servers import Peer

_CRLF = b"\r\n"


def invite(caller: Peer, callee: Peer, media: int) -> bytes:
    """A request that asks for media to be sent to a port of the caller's address."""
    head = [
        f"INVITE sip:b@{_written(callee)} SIP/2.0",
        f"Via: SIP/2.0/UDP {_written(caller)};branch=z9hG4bK1",
        "Max-Forwards: 70",
        f"From: <sip:a@{_host(caller)}>;tag=1",
        f"To: <sip:b@{_host(callee)}>",
        f"Call-ID: 1@{_host(caller)}",
        "CSeq: 1 INVITE",
        f"Contact: <sip:a@{_written(caller)}>",
    ]
    return _message(head, caller.address, media)


def answer(request: bytes, callee: Peer, media: int) -> bytes:
    """`200 OK` to a request as it arrived, that asks for media to be sent to a port of the callee's address."""
    copied = ("Via", "From", "To", "Call-ID", "CSeq")
    head = ["SIP/2.0 200 OK", *(f"{name}: {header(request, name)}" for name in copied)]
    return _message([*head, f"Contact: <sip:b@{_written(callee)}>"], callee.address, media)


def header(message: bytes, name: str) -> str:
    """The value of a header."""
    found = re.search(rf"^{name}: (.*?)\r$", message.decode(), re.MULTILINE)
    assert found, f"no {name} in {message!r}"
    return found[1]


def media(message: bytes) -> Peer:
    """Where a message wants the media to be sent."""
    text = message.decode()
    address = re.search(r"^c=IN IP[46] (\S+)\r$", text, re.MULTILINE)
    port = re.search(r"^m=audio (\d+) ", text, re.MULTILINE)
    assert address, message
    assert port, message
    return Peer(address[1], int(port[1]))


def _message(head: list[str], address: str, port: int) -> bytes:
    version = "IP6" if ":" in address else "IP4"
    body = [
        "v=0", f"o=a 1 1 IN {version} {address}", "s=-", f"c=IN {version} {address}", "t=0 0",
        f"m=audio {port} RTP/AVP 0",
    ]  # fmt: skip
    text = "".join(f"{line}\r\n" for line in body).encode()
    lines = [*head, "Content-Type: application/sdp", f"Content-Length: {len(text)}"]
    return _CRLF.join(line.encode() for line in lines) + _CRLF + _CRLF + text


def _host(peer: Peer) -> str:
    return f"[{peer.address}]" if ":" in peer.address else peer.address


def _written(peer: Peer) -> str:
    return f"{_host(peer)}:{peer.port}"
