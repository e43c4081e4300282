"""Actions of filters, in the words of tc-actions(8).

Each says what comes behind it: defaults differ from action to action (iproute2, tc/m_*.c).
"""

from __future__ import annotations

from flowc.hoststate.tc import (
    Action,
    Checksum,
    Conntrack,
    ConntrackClear,
    Drop,
    Goto,
    Munge,
    Nat,
    Pass,
    Pedit,
    Police,
    Redirect,
    SetMark,
    TunnelSet,
    TunnelUnset,
)
from flowc.hoststate.tc.words import checksum_words, mark_words, value_words


def written(action: Action) -> str:
    """What stands behind the word `action`."""
    match action:
        case SetMark(value, mask):
            return f"skbedit mark {mark_words(value, mask)} pipe"
        case Pass() | Drop():
            return type(action).__name__.lower()
        case Goto(chain):
            return f"goto chain {chain}"
        case Redirect(device):
            return f"mirred egress redirect dev {device}"
        case Conntrack(zone, nat):
            return f"ct zone {zone} {'nat ' if nat else ''}pipe"
        case ConntrackClear():
            return "ct clear pipe"
        case Police(mtu, exceed, conform):
            return f"police mtu {mtu} conform-exceed {exceed}/{conform}"
        case Pedit(munges):
            return f"pedit ex {' '.join(map(_munge, munges))} pipe"
        case Checksum(of):
            return f"csum {checksum_words(of)} pipe"
        case Nat(direction, old, new):
            return f"nat {direction} {old} {new} pipe"
        case TunnelSet() | TunnelUnset():
            return f"tunnel_key {_tunnel(action)} pipe"


def _munge(munge: Munge) -> str:
    return f"munge {munge.field} {'dec' if munge.value is None else f'set {value_words(munge.value)}'}"


def _tunnel(action: TunnelSet | TunnelUnset) -> str:
    if isinstance(action, TunnelUnset):
        return "unset"
    said = [f"set src_ip {action.source} dst_ip {action.destination} id {action.key}"]
    said += [f"tos {action.tos}"] if action.tos else []
    said += [f"ttl {action.ttl}"] if action.ttl else []
    return " ".join([*said, "csum" if action.checksum else "nocsum"])
