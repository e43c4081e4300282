"""Ask for a packet in the words of a person."""

from pathlib import Path

from flowc.api import check_files
from flowc.diagnostics.render_text import render_text
from flowc.ir.addresses import Family, format_address, parse_address
from flowc.ir.icmp import ICMP_PROTOCOL
from flowc.ir.network import Host
from flowc.ir.packet import ECHO_REQUEST, NUMBERS, Packet
from flowc.trace.engine import trace
from flowc.trace.model import Entry, Trace, Translated


def host_of(text: str, folder: Path) -> Host:
    """The only host of a file that is without errors."""
    file = folder / "gw.flow"
    file.write_text(text)
    checked = check_files([file])
    assert not checked.diagnostics.has_errors, render_text(checked.diagnostics)
    (host,) = checked.network.hosts
    return host


def asked(
    host: Host, by: str | None, protocol: str, source: str, destination: str, *, sender: str | None = None
) -> Trace:
    """`source` and `destination` are `ADDRESS` or `ADDRESS|PORT`; ICMP is an echo request."""
    (family, from_address, from_port), (_, to_address, to_port) = _end(source), _end(destination)
    if protocol == "icmp":
        packet = Packet(family, ICMP_PROTOCOL[family], ECHO_REQUEST[family], 0, to_address, from_address)
    elif protocol in NUMBERS:
        packet = Packet(family, NUMBERS[protocol], to_port, from_port or 40000, to_address, from_address)
    else:
        packet = Packet(family, int(protocol), 0, 0, to_address, from_address)
    return trace(host, Entry(by, endpoint=sender), packet)


def _end(text: str) -> tuple[Family, int, int]:
    address, _, port = text.partition("|")
    return (*parse_address(address), int(port or 0))


def shown(trace: Trace) -> tuple[str, str]:
    """What the source and destination are when it leaves: `ADDRESS`, or a pool `A-B`, and the port behind `|`."""
    return _shown(trace.packet.family, trace.source), _shown(trace.packet.family, trace.destination)


def _shown(family: Family, one: Translated) -> str:
    assert one.addresses is not None
    ends = [format_address(family, end) for end in dict.fromkeys(one.addresses)]
    ports = "" if one.ports is None else "|" + "-".join(str(end) for end in dict.fromkeys(one.ports))
    return "-".join(ends) + ports
