"""Print the kernel settings of a host.

Keys keep their slashes (`net/ipv4/conf/eth0.100/rp_filter`): sysctl reads both forms, and a device name may have dots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowc.backends.script import Script, one_line
from flowc.hoststate.state import FORWARDING

if TYPE_CHECKING:
    from flowc.hoststate import HostState


def render(state: HostState, *, provenance: bool = True) -> str:
    """The text of `sysctl.conf`: settings in the state's order, the forwarding switches behind them."""
    script = Script(provenance)
    script.comment(f"kernel settings of {one_line(state.host)}, for: sysctl -p sysctl.conf")
    if not state.sysctls:
        script.comment("none: this host forwards nothing and needs none")
        return script.text()
    settings = [setting for setting in state.sysctls if setting.key not in FORWARDING]
    switches = [setting for setting in state.sysctls if setting.key in FORWARDING]
    if settings:
        script.section("before any packet is forwarded")
    for setting in settings:
        script.command(f"{setting.key} = {setting.value}", setting.span)
    if switches:
        script.section("last: from here on the host is a router")
    for setting in switches:
        script.command(f"{setting.key} = {setting.value}", setting.span)
    return script.text()
