"""Print the tc filters of a host.

One form today: a filter on the ingress of a shared tunnel device that matches the key and the outer addresses and
writes the packet mark, which nft and the routing rules then go by. Every filter has an explicit preference, chain and
handle, because only then `filter replace` replaces: without a handle the kernel refuses the second run with
"File exists".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowc.backends.script import Script, one_line

if TYPE_CHECKING:
    from flowc.hoststate import FlowerFilter, HostState

FULL_MASK = 0xFFFFFFFF

COOKIE = b"flowc"
"""The kernel keeps it with the filter, so that flowc knows its own again (TCA_ACT_COOKIE, since 4.11).

It is the last action's, because tc(8) gives a cookie to all actions behind it as well (iproute2, tc/m_action.c).
"""


def render(state: HostState, *, provenance: bool = True) -> str:
    """The text of `tc.batch`: a clsact qdisc for each device with filters, and the filters."""
    script = Script(provenance)
    script.comment(f"tc filters of {one_line(state.host)}, for: tc -batch tc.batch")
    if not state.filters:
        script.comment(
            "There is nothing for tc to do: the host has no shared tunnel device, whose packets of many keys only tc",
            "can tell apart. Established flows are moved out of the slow path by the flowtable in ruleset.nft.",
        )
        return script.text()
    script.section("where filters hang: replacing a clsact qdisc keeps the filters of others")
    named: set[str] = set()
    for entry in state.filters:
        if entry.device not in named:
            named.add(entry.device)
            script.command(f"qdisc replace dev {entry.device} clsact", entry.span)
    script.section("tunnel key -> packet mark")
    for entry in state.filters:
        script.command(_filter(entry), entry.span)
    return script.text()


def _filter(entry: FlowerFilter) -> str:
    """One `filter replace`. The mark is written under its mask: foreign bits stay."""
    value, mask = entry.mark
    mark = f"{value:#x}" if mask == FULL_MASK else f"{value:#x}/{mask:#x}"
    return (
        f"filter replace dev {entry.device} ingress protocol {entry.protocol} pref {entry.preference}"
        f" chain {entry.chain} handle {entry.handle:#x} flower skip_hw enc_key_id {entry.key}"
        f" enc_src_ip {entry.outer_source} enc_dst_ip {entry.outer_destination}"
        f" action skbedit mark {mark} pipe action pass cookie {COOKIE.hex()}"
    )
