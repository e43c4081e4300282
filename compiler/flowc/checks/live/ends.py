"""The devices that tc takes packets from or hands them to, and of which embedded switch they are ports, by facts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from flowc.checks.live.offloading import in_legacy_mode, lowest
from flowc.facts import Index, Link
from flowc.ir.drivers import refuses
from flowc.ir.links import Interface, Tunnel
from flowc.ir.network import Host

PHYSICAL = re.compile(r"p[0-9]+(s[0-9]+)?")
"""The name of a physical port (kernel: __devlink_port_phys_port_name_get in net/devlink/port.c)."""
OF_FUNCTION = re.compile(r"(?:c[0-9]+)?pf([0-9]+)(?:[vs]f[0-9]+)?")
"""That of a representor. mlx5 numbers physical ports as it does functions (mlx5_get_dev_index)."""


@dataclass(frozen=True)
class End:
    """An interface, and the ports that it stands on."""

    interface: Interface
    links: tuple[Link, ...]

    @cached_property
    def switches(self) -> frozenset[str | None]:
        return frozenset(link.switch_id for link in self.links)

    @property
    def switch(self) -> str:
        """The id of the one that all its ports belong to; empty for none."""
        return (next(iter(self.switches)) or "") if len(self.switches) == 1 else ""

    @cached_property
    def uplinks(self) -> frozenset[str]:
        """Its ports' names, if all are physical ports of one mlx5 NIC."""
        physical = all(_is_mlx5(link) and PHYSICAL.fullmatch(link.port_name or "") for link in self.links)
        return frozenset(link.port_name or "" for link in self.links) if physical and self.switch else frozenset()

    @cached_property
    def own_uplinks(self) -> frozenset[str]:
        """The ports that mlx5 sends by what it puts into a tunnel after it came in here; empty for not known."""
        if self.uplinks or not self.switch or not self.of_mlx5:
            return self.uplinks
        functions = [OF_FUNCTION.fullmatch(link.port_name or "") for link in self.links]
        return frozenset(f"p{one[1]}" for one in functions if one) if all(functions) else frozenset()

    @property
    def place(self) -> str:
        if len(self.switches) > 1:
            return "its ports belong to no switch together"
        if not self.switch:
            return "it is a port of no switch"
        if not self.uplinks:
            return f"a port of switch {self.switch}"
        return uplink(self.uplinks, self.switch)

    @property
    def takes_filters(self) -> bool:
        """No other check says that it takes none."""
        return not any(
            in_legacy_mode(link) or refuses(link.driver, "ct") or link.hw_tc_offload is False for link in self.links
        )

    @property
    def of_mlx5(self) -> bool:
        return all(map(_is_mlx5, self.links))


def uplink(names: Iterable[str], switch: str) -> str:
    """As findings call it."""
    return f"uplink {', '.join(sorted(names))} of switch {switch}"


def _is_mlx5(link: Link) -> bool:
    return link.driver in ("mlx5_core", "mlx5e_rep")


@dataclass(frozen=True)
class Ends:
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
        devices = (one for one in lowest(self.host, interface) if not isinstance(one.link, Tunnel))
        found = (End(one, self.index.lowest(one.device)) for one in devices)
        return [end for end in found if end.links and end.takes_filters and (end.switch or not interface.carrier)]
