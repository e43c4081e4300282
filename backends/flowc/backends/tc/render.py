"""Print the tc filters of a host.

Some give a mark to what comes by a key of a shared tunnel device, which nft and the routing rules then go by; others do
the work of the IP stack for connections that it has admitted. Every filter has an explicit preference, chain and handle,
because only then `filter replace` replaces: without a handle the kernel refuses the second run with "File exists".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowc.backends.script import Script, one_line
from flowc.backends.tc.actions import written
from flowc.hoststate import macs
from flowc.hoststate.tc import Goto, Pass, SetMark, TunnelSet, TunnelUnset
from flowc.hoststate.tc.words import match_words, value_words

if TYPE_CHECKING:
    from flowc.hoststate import FlowerFilter, HostState

TITLES = {
    "what is marked forgets its tunnel": TunnelUnset,
    "tunnel key -> packet mark": SetMark,
    "what the host answers a machine itself -> tunnel key": TunnelSet,
    "what tc itself does with packets": None,
}
COOKIE = b"flowc"
"""The kernel keeps it with the filter, so that flowc knows its own again (TCA_ACT_COOKIE, since 4.11).

It is the last action's, because tc(8) gives a cookie to all actions behind it as well (iproute2, tc/m_action.c).
"""

_REFERENCES = (
    "apply.sh puts MAC addresses in: @eth0@ is that of a device, @192.0.2.1%eth0@ that of a neighbour. While one is not",
    "known, a filter that needs it is left out, and one that writes it does what stands behind `else`.",
)


def render(state: HostState, *, provenance: bool = True) -> str:
    """The text of `tc.batch`: a clsact qdisc for each device with filters, and the filters."""
    script = Script(provenance)
    script.comment(f"tc filters of {one_line(state.host)}, for: tc -batch tc.batch")
    if not state.filters:
        script.comment(
            "There is nothing for tc to do: the host has no shared tunnel device, whose packets of many keys only tc",
            "can tell apart, and flows that tc could carry are left to the flowtable in ruleset.nft (`flowc check -v`).",
        )
        return script.text()
    script.section("where filters hang: replacing a clsact qdisc keeps the filters of others")
    named: set[str] = set()
    for entry in state.filters:
        if entry.device not in named:
            named.add(entry.device)
            script.command(f"qdisc replace dev {entry.device} clsact", entry.span)
    for title, kind in TITLES.items():
        entries = [entry for entry in state.filters if _kind(entry) is kind]
        if entries:
            script.section(title)
        if macs.references(entries):
            script.comment(*_REFERENCES)
        for entry in entries:
            script.command(_filter(entry), entry.span)
    return script.text()


def _kind(entry: FlowerFilter) -> type | None:
    """The first action of those that only prepare what the IP stack then has."""
    first, *rest = map(type, entry.actions)
    return first if first in (SetMark, TunnelSet, TunnelUnset) and rest in ([Pass], [Goto]) else None


def _filter(entry: FlowerFilter) -> str:
    """One `filter replace`."""
    matches = (f"{name} {value}" for name, value in match_words(entry.match).items() if value is not None)
    actions = (f"action {written(action)}" for action in entry.actions)
    words = (
        f"filter replace dev {entry.device} {entry.hook} protocol {entry.protocol} pref {entry.preference}",
        f"chain {entry.chain} handle {entry.handle:#x} flower",
        entry.placement.value,
        *matches,
        *actions,
        f"cookie {COOKIE.hex()}",
    )
    return "  # ".join(filter(None, (" ".join(filter(None, words)), _waiting(entry))))


def _waiting(entry: FlowerFilter) -> str:
    """What becomes of it while a MAC address is not known, as a comment."""
    needs = ["needs", *map(value_words, entry.needs)] if entry.needs else []
    other = [f"action {written(action)}" for action in entry.otherwise] if macs.written(entry) else []
    return " ".join([*needs, *(["else", *other] if other else [])])
