"""tc's filters between two devices of which no embedded switch has both."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from flowc.checks.base import FactsCheck
from flowc.checks.live.offloading import in_legacy_mode, lowest, redirects_of_tc
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index, Link
from flowc.ir.drivers import refuses
from flowc.ir.links import Interface, Tunnel
from flowc.ir.network import Host

CODE = register(
    "FC836",
    "switches-differ",
    Severity.WARNING,
    "The host says `offload hardware`, and tc carries flows between two devices that are no ports of one embedded switch, or "
    "that are two uplinks of one. A NIC hands packets on between ports of its own switch, and mlx5 not from one uplink to "
    "another (kernel: tc_act_can_offload_mirred and verify_uplink_forwarding in en/tc/act/mirred.c of mellanox/mlx5/core, below "
    "drivers/net/ethernet). The filters do their work in software then, where tc costs more than the flowtable. What goes out "
    "by a key of a shared tunnel is not meant: mlx5 sends it by an uplink of its own.",
)

UPLINK = re.compile(r"p[0-9]+(s[0-9]+)?")
"""The name of a physical port (kernel: __devlink_port_phys_port_name_get in net/devlink/port.c)."""

HELP = "write `datapath nft` on the host, or on their EIPs: in software the flowtable costs less"


class End(NamedTuple):
    """A device that tc takes packets from, or hands them to."""

    interface: Interface
    switch: str
    """The id of the one that its ports belong to; empty for none."""
    uplinks: frozenset[str]
    """The devices that it stands on, if all are physical ports of mlx5 NICs."""
    place: str

    @property
    def kind(self) -> tuple[str, bool]:
        return self.switch, bool(self.uplinks)

    def apart(self, other: End) -> str:
        """What keeps a NIC from handing packets on between both; empty for nothing that facts tell."""
        if self.switch != other.switch:
            return "no embedded switch has both as ports"
        if self.uplinks and other.uplinks and self.uplinks.isdisjoint(other.uplinks):
            return "mlx5 hands nothing on from one uplink to another"
        return ""


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report each pair of devices once."""
    ends = _Ends(host, index)
    found: dict[tuple[str, str], tuple[End, End]] = {}
    for entrances, ways in redirects_of_tc(host):
        targets: dict[tuple[str, bool], list[End]] = {}
        for target in ends.of(name for name in ways if not host.interfaces[name].carrier):
            targets.setdefault(target.kind, []).append(target)
        for source in ends.of(entrances):
            for (switch, uplinks), some in targets.items():
                if source.switch != switch or (source.uplinks and uplinks):
                    apart = (one for one in some if source.apart(one))
                    found |= {(source.interface.name, one.interface.name): (source, one) for one in apart}
    order = {name: place for place, name in enumerate(host.interfaces)}
    for (name, other), (source, target) in found.items():
        mutual = (other, name) in found
        if mutual and order[name] > order[other]:
            continue
        devices = source.interface.device, target.interface.device
        what = "flows between `{}` and `{}`" if mutual else "packets from `{}` to `{}`"
        related = [(target.interface.span, target.place)]
        if host.offload_span:
            related.append((host.offload_span, "a NIC shall carry them"))
        diagnostics.report(
            CODE,
            f"{what.format(*devices)} stay in software: {source.apart(target)}",
            source.interface.span,
            source.place,
            related=related,
            help=HELP if mutual else None,  # else keys of a tunnel are on one side, which the flowtable does not see
        )


@dataclass(frozen=True)
class _Ends:
    host: Host
    index: Index

    def of(self, names: Iterable[str]) -> list[End]:
        """The devices below these interfaces, each once, as far as facts tell of them, and no other check does."""
        found: dict[str, End] = {}
        for name in names:
            if name not in self._known:
                self._known[name] = self._find(self.host.interfaces[name])
            found |= {end.interface.name: end for end in self._known[name]}
        return list(found.values())

    @cached_property
    def _known(self) -> dict[str, list[End]]:
        return {}

    def _find(self, interface: Interface) -> list[End]:
        """A tunnel's packets may come in elsewhere than by the interface that has its address, if that is of software."""
        found = (self._end(one) for one in lowest(self.host, interface) if not isinstance(one.link, Tunnel))
        return [end for end in found if end is not None and (end.switch or not interface.carrier)]

    def _end(self, interface: Interface) -> End | None:
        links = self.index.lowest(interface.device)
        if not links or any(in_legacy_mode(link) or refuses(link.driver, "ct") for link in links):
            return None
        switches = {link.switch_id for link in links}
        if len(switches) > 1:
            return End(interface, "", frozenset(), "its ports belong to no switch together")
        switch = switches.pop()
        if switch is None:
            return End(interface, "", frozenset(), "it is a port of no switch")
        uplinks = {link.name: link.port_name or "" for link in links if _is_uplink(link)}
        if len(uplinks) < len(links):
            return End(interface, switch, frozenset(), f"a port of switch {switch}")
        return End(interface, switch, frozenset(uplinks), f"uplink {', '.join(uplinks.values())} of switch {switch}")


def _is_uplink(link: Link) -> bool:
    return link.driver == "mlx5_core" and UPLINK.fullmatch(link.port_name or "") is not None


_FILE = """
interface wan { device eth0; address 198.51.100.2/24; mac 02:00:00:00:01:01 }
interface vms { device eth1; address 10.0.0.1/24; mac 02:00:00:00:01:02 }
endpoint vm { address 10.0.0.7; interface vms; mac 02:00:00:00:00:07 }
neighbor 198.51.100.1 on wan 02:00:00:00:00:01
route default via 198.51.100.1 on wan
zone internet { interface wan }
zone tenant { interface vms }
pool public 203.0.113.0/28 at internet
eip 203.0.113.2 <-> vm
policy tenant -> internet { accept offload }
"""

CHECK = FactsCheck(
    CODE,
    run,
    bad="host gw1 { offload hardware; datapath tc }" + _FILE,
    good="host gw1 { offload hardware; datapath tc }" + _FILE,
    facts="""
{"version": 1, "hostname": "gw1",
 "links": [{"name": "eth0", "driver": "mlx5_core", "hw_tc_offload": true, "eswitch": "switchdev",
            "switch_id": "5a1ed70003a1420c", "port_name": "p0"},
           {"name": "eth1", "driver": "mlx5_core", "hw_tc_offload": true, "eswitch": "switchdev",
            "switch_id": "86b4d70003a1420c", "port_name": "p0"}]}
""",
    good_facts="""
{"version": 1, "hostname": "gw1",
 "links": [{"name": "eth0", "driver": "mlx5_core", "hw_tc_offload": true, "eswitch": "switchdev",
            "switch_id": "5a1ed70003a1420c", "port_name": "p0"},
           {"name": "eth1", "driver": "mlx5e_rep", "hw_tc_offload": true,
            "switch_id": "5a1ed70003a1420c", "port_name": "pf0vf0"}]}
""",
)
