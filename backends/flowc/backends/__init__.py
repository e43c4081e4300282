"""The text backends: each prints one part of a HostState in the form one tool reads.

A backend is one folder with a `render` function, and one line here. The tuple is the only list of them: the command
line offers its names, `flowc compile -o` writes its files.
"""

from flowc.backends.base import Backend

BACKENDS: tuple[Backend, ...] = (
    Backend("iproute2", "ip.batch", "links, addresses, routes, rules and neighbours, for ip -batch"),
    Backend("sysctl", "sysctl.conf", "kernel settings, for sysctl -p"),
    Backend("nft", "ruleset.nft", "policy, NAT and flowtable, for nft -f"),
    Backend("tc", "tc.batch", "keys of shared tunnels and the flows that tc carries, for tc -batch"),
    Backend("announce", "announce.pl", "tells neighbours of public addresses on a link", executable=True),
)

LOADER = Backend("apply", "apply.sh", "loads the other files in a safe order", executable=True)
"""What `-o DIR` writes beside the others; by itself, on standard output, it would have nothing to load."""

__all__ = ["BACKENDS", "LOADER", "Backend"]
