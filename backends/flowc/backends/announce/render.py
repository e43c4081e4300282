"""Print `announce.pl`: the program beside this file, and behind it the devices and addresses of one host.

Neither Linux nor iproute2 announces an address on request. The kernel does when a device comes up or gets another MAC
(`arp_notify` and `ndisc_notify`, net/ipv4/devinet.c and net/ipv6/ndisc.c), for all addresses at once and not when one
is added without duplicate address detection; `arping` is no part of a bare Debian and knows no IPv6. Perl is: perl-base
is essential there (Debian policy, 3.8), and its sockets can send frames.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from flowc.backends.script import Script, one_line

if TYPE_CHECKING:
    from flowc.hoststate import HostState


def render(state: HostState, *, provenance: bool = True) -> str:
    """The text of `announce.pl`."""
    script = Script(provenance)
    if not len(state.announcements):
        script.comment(f"{one_line(state.host)} has no public address on a link: there is nothing to announce.")
        return script.text()
    program = files("flowc.backends.announce").joinpath("announce.pl").read_text(encoding="utf-8")
    script.comment(f"what {one_line(state.host)} announces: device, address")
    for row in state.announcements:
        script.command(f"{row.device} {row.address}", row.span)
    return program + script.text()
