"""Actions of a filter, as messages: there and back (net/sched/act_*.c, the init and dump of each)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

from flowc.backends.netlink.messages.act import KINDS
from flowc.backends.netlink.messages.act_ct import TCA_CT_ACT_CLEAR, TCA_CT_ACT_NAT
from flowc.backends.netlink.messages.act_mirred import TCA_EGRESS_REDIR
from flowc.backends.netlink.messages.act_nat import TCA_NAT_FLAG_EGRESS
from flowc.backends.netlink.messages.act_tunnel_key import TCA_TUNNEL_KEY_ACT_RELEASE, TCA_TUNNEL_KEY_ACT_SET
from flowc.backends.netlink.messages.tc_gen import (
    TC_ACT_EXT_VAL_MASK,
    TC_ACT_GOTO_CHAIN,
    TC_ACT_OK,
    TC_ACT_PIPE,
    TC_ACT_SHOT,
    TC_ACT_STOLEN,
)
from flowc.backends.netlink.objects.devices import index_of
from flowc.backends.netlink.objects.filters import pedit, prefixes
from flowc.backends.netlink.objects.filters.taking import Attributes, UnsayableError
from flowc.backends.netlink.wire import address_text, be_number, number, packed
from flowc.hoststate.tc import (
    WORD,
    Action,
    Checksum,
    Checksums,
    Conntrack,
    ConntrackClear,
    Direction,
    Drop,
    Goto,
    Nat,
    Pass,
    Pedit,
    Police,
    Redirect,
    SetMark,
    TunnelSet,
    TunnelUnset,
    Verdict,
)

Names = Mapping[int, str]
_GENERAL = struct.Struct("=IIiii")
"""tc_gen of linux/pkt_cls.h."""
_AFTER = _GENERAL.size
_POLICE = struct.Struct("=IiIII8sI8sI12x")
"""struct tc_police: index, what becomes of what exceeds, limit, burst, mtu, and the two rates at the ends of theirs."""
_NAT = struct.Struct("=4s4s4sI")
"""struct tc_nat behind its tc_gen: the old and the new address, the mask and flags."""
_DIRECTIONS = {Direction.INGRESS: 0, Direction.EGRESS: TCA_NAT_FLAG_EGRESS}
_BY_FLAGS = {flags: direction for direction, flags in _DIRECTIONS.items()}
_VERDICTS = {Verdict.PASS: TC_ACT_OK, Verdict.DROP: TC_ACT_SHOT, Verdict.PIPE: TC_ACT_PIPE}
_BY_VERDICT = {number_: verdict for verdict, number_ in _VERDICTS.items()}
_ALL_CHECKSUMS = sum(Checksums)


def read(kind: str, options: bytes, names: Names) -> Action:
    """One action. `names` are devices by index. Raises UnsayableError."""
    if kind not in _READERS:
        raise UnsayableError(kind)
    prefix = "TCA_TUNNEL_KEY_" if kind == "tunnel_key" else f"TCA_{kind.upper()}_"
    found = Attributes.of(KINDS[kind], options, prefix)
    found.forget("TM", "PAD")
    action = _READERS[kind](found, names)
    found.end()
    return action


def _parameters(found: Attributes, name: str = "PARMS", then: int = TC_ACT_PIPE) -> bytes:
    """Of an action that hands the packet on as all of its kind do."""
    parameters = found.need(name)
    if _GENERAL.unpack_from(parameters)[2] != then:
        raise UnsayableError("another verdict")
    return parameters


def _gact(found: Attributes, _: Names) -> Action:
    verdict = _GENERAL.unpack_from(found.need("PARMS"))[2]
    if verdict & ~TC_ACT_EXT_VAL_MASK == TC_ACT_GOTO_CHAIN:
        return Goto(verdict & TC_ACT_EXT_VAL_MASK)
    if verdict not in (TC_ACT_OK, TC_ACT_SHOT):
        raise UnsayableError("another verdict")
    return Pass() if verdict == TC_ACT_OK else Drop()


def _skbedit(found: Attributes, _: Names) -> Action:
    _parameters(found)
    value, mask = number(found.need("MARK")), found.number("MASK")
    return SetMark(value, WORD if mask is None else mask)


def _mirred(found: Attributes, names: Names) -> Action:
    direction, index = struct.unpack_from("=iI", _parameters(found, then=TC_ACT_STOLEN), _AFTER)
    if direction != TCA_EGRESS_REDIR or index not in names:
        raise UnsayableError("a copy, or a device that is gone")
    return Redirect(names[index])


def _ct(found: Attributes, _: Names) -> Action:
    _parameters(found)
    flags, zone = found.number("ACTION"), found.number("ZONE")
    if flags == TCA_CT_ACT_CLEAR:
        return ConntrackClear()
    if flags not in (0, TCA_CT_ACT_NAT):
        raise UnsayableError("a commit")
    return Conntrack(zone or 0, nat=flags == TCA_CT_ACT_NAT)


def _police(found: Attributes, _: Names) -> Action:
    _, exceed, _, _, mtu, *rates = _POLICE.unpack(found.need("TBF"))
    conform = found.number("RESULT") or TC_ACT_OK
    if any(rates[1::2]) or exceed not in _BY_VERDICT or conform not in _BY_VERDICT:
        raise UnsayableError("a rate, or another verdict")
    return Police(mtu, _BY_VERDICT[exceed], _BY_VERDICT[conform])


def _pedit(found: Attributes, _: Names) -> Action:
    return Pedit(pedit.read(_parameters(found, "PARMS_EX"), found.need("KEYS_EX")))


def _csum(found: Attributes, _: Names) -> Action:
    (flags,) = struct.unpack_from("=I", _parameters(found), _AFTER)
    if flags & ~_ALL_CHECKSUMS:
        raise UnsayableError("checksums of other protocols")
    return Checksum(Checksums(flags))


def _nat(found: Attributes, _: Names) -> Action:
    old, new, mask, flags = _NAT.unpack_from(_parameters(found), _AFTER)
    if flags not in _BY_FLAGS:
        raise UnsayableError("other flags")
    return Nat(_BY_FLAGS[flags], prefixes.read(old, mask), address_text(new))


def _tunnel_key(found: Attributes, _: Names) -> Action:
    (what,) = struct.unpack_from("=i", _parameters(found), _AFTER)
    if what == TCA_TUNNEL_KEY_ACT_RELEASE:
        found.forget("NO_CSUM")
        return TunnelUnset()
    if found.number("ENC_DST_PORT"):
        raise UnsayableError("a port")
    source, destination = (found.take(f"ENC_IPV4_{side}") or found.need(f"ENC_IPV6_{side}") for side in ("SRC", "DST"))
    return TunnelSet(
        address_text(source),
        address_text(destination),
        be_number(found.need("ENC_KEY_ID")),
        checksum=not found.number("NO_CSUM"),
        tos=found.number("ENC_TOS") or 0,
        ttl=found.number("ENC_TTL") or 0,
    )


_READERS: dict[str, Callable[[Attributes, Names], Action]] = {
    "csum": _csum,
    "ct": _ct,
    "gact": _gact,
    "mirred": _mirred,
    "nat": _nat,
    "pedit": _pedit,
    "police": _police,
    "skbedit": _skbedit,
    "tunnel_key": _tunnel_key,
}


def write(action: Action) -> tuple[str, list[tuple[str, Any]]]:
    """Kind and attributes for pyroute2. Raises MissingDeviceError."""
    pipe = {"action": TC_ACT_PIPE}
    match action:
        case Pass() | Drop() | Goto():
            return "gact", [("TCA_GACT_PARMS", {"action": _verdict(action)})]
        case SetMark(value, mask):
            masked = [("TCA_SKBEDIT_MASK", mask)] if mask != WORD else []
            return "skbedit", [("TCA_SKBEDIT_PARMS", pipe), ("TCA_SKBEDIT_MARK", value), *masked]
        case Redirect(device):
            way = {"action": TC_ACT_STOLEN, "eaction": TCA_EGRESS_REDIR, "ifindex": index_of(device)}
            return "mirred", [("TCA_MIRRED_PARMS", way)]
        case Conntrack(zone, nat):
            flags = TCA_CT_ACT_NAT if nat else 0
            return "ct", [("TCA_CT_PARMS", pipe), ("TCA_CT_ACTION", flags), ("TCA_CT_ZONE", zone)]
        case ConntrackClear():
            return "ct", [("TCA_CT_PARMS", pipe), ("TCA_CT_ACTION", TCA_CT_ACT_CLEAR)]
        case Police(mtu, exceed, conform):
            limits = {"action": _VERDICTS[exceed], "mtu": mtu}
            return "police", [("TCA_POLICE_TBF", limits), ("TCA_POLICE_RESULT", _VERDICTS[conform])]
        case Pedit(munges):
            (name, keys), extended = pedit.write(munges)
            return "pedit", [(name, pipe | keys), extended]
        case Checksum(of):
            return "csum", [("TCA_CSUM_PARMS", pipe | {"update_flags": int(of)})]
        case Nat(direction, old, new):
            addresses = {"old_addr": packed(4, old.partition("/")[0]), "new_addr": packed(4, new)}
            more = {"mask": prefixes.mask_of(old), "flags": _DIRECTIONS[direction]}
            return "nat", [("TCA_NAT_PARMS", pipe | addresses | more)]
        case TunnelSet() | TunnelUnset():
            return "tunnel_key", _tunnel(action)


def _verdict(action: Pass | Drop | Goto) -> int:
    if isinstance(action, Goto):
        return TC_ACT_GOTO_CHAIN | action.chain
    return TC_ACT_OK if isinstance(action, Pass) else TC_ACT_SHOT


def _tunnel(action: TunnelSet | TunnelUnset) -> list[tuple[str, Any]]:
    if isinstance(action, TunnelUnset):
        return [("TCA_TUNNEL_KEY_PARMS", {"action": TC_ACT_PIPE, "t_action": TCA_TUNNEL_KEY_ACT_RELEASE})]
    family = "IPV6" if ":" in action.source else "IPV4"
    said = [
        ("TCA_TUNNEL_KEY_PARMS", {"action": TC_ACT_PIPE, "t_action": TCA_TUNNEL_KEY_ACT_SET}),
        (f"TCA_TUNNEL_KEY_ENC_{family}_SRC", action.source),
        (f"TCA_TUNNEL_KEY_ENC_{family}_DST", action.destination),
        ("TCA_TUNNEL_KEY_ENC_KEY_ID", action.key),
        ("TCA_TUNNEL_KEY_NO_CSUM", int(not action.checksum)),
    ]
    more = (("TCA_TUNNEL_KEY_ENC_TOS", action.tos), ("TCA_TUNNEL_KEY_ENC_TTL", action.ttl))
    return [*said, *(pair for pair in more if pair[1])]
