"""Several machines of one link that are declared with one MAC address."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Family, format_address
from flowc.ir.network import Host
from flowc.source import Span

MOST = 3
"""Places that are shown."""

CODE = register(
    "FC607",
    "shared-mac",
    Severity.NOTE,
    "Two endpoints or neighbours on one interface have the same MAC address and different addresses of one family. That is "
    "right for one machine with several addresses, and wrong if the second one was copied from the first: then what is for "
    "the one machine goes to the other.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each MAC address with several addresses of one family on one interface, once."""
    users: dict[tuple[str, str, Family], dict[int, Span]] = {}
    for interface, mac, family, address, span in _entries(host):
        users.setdefault((interface, mac, family), {}).setdefault(address, span)
    for (interface, mac, family), found in users.items():
        if len(found) > 1:
            named = [(format_address(family, address), span) for address, span in found.items()]
            (first, one), (second, other), *more = named
            rest = f" and {len(more)} more" if more else ""
            diagnostics.report(
                CODE,
                f"`{first}`, `{second}`{rest} on `{interface}` have one MAC address, `{mac}`",
                other,
                related=[(one, "first declared here"), *((span, "here, too") for _, span in more[: MOST - 2])],
                help="if these are several machines, give each its own",
            )


def _entries(host: Host) -> Iterator[tuple[str, str, Family, int, Span]]:
    families: tuple[Family, ...] = (4, 6)
    for family in families:
        columns = map(host.endpoints.column, ("interface", "mac", f"v{family}", "span"))
        for interface, mac, address, span in zip(*columns, strict=True):
            if mac is not None and address is not None:
                yield interface, mac, family, address, span
    columns = map(host.neighbors.column, ("interface", "mac", "family", "address", "span"))
    for interface, mac, family, address, span in zip(*columns, strict=True):
        if mac is not None:
            yield interface, mac, family, address, span


_FILE = """
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
endpoint web { address 10.0.0.80; interface lan; mac 52:54:00:00:00:80 }
"""

CHECK = Check(
    CODE,
    run,
    bad=_FILE + "endpoint mail { address 10.0.0.25; interface lan; mac 52:54:00:00:00:80 }\n",
    good=_FILE + "endpoint mail { address 10.0.0.25; interface lan; mac 52:54:00:00:00:25 }\n",
)
