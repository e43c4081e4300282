"""Mistakes in `nat` blocks: what other tools write, and what the other kinds of rules have."""

from __future__ import annotations

from flowc.syntax import codes
from flowc.syntax.problem import Problem, Repair, Situation
from flowc.syntax.wording import place


def source_with_from(at: Situation) -> Problem | None:
    """`masquerade from 10.0.0.0/24`: the source of a translation has no `from`, which so passes for a name."""
    if at.block != "nat" or len(at.fed) != 2 or at.fed[1] != "from" or at.word.type not in {"IPADDR", "NAME", "LBRACE"}:
        return None
    rule = str(at.fed[0])
    if rule not in {"snat", "masquerade"}:
        return None
    source = at.run.text if at.word.type != "LBRACE" else "{...}"
    help = f"write `{rule} {source}{' -> ADDRESS' if rule == 'snat' else ''}`"
    repair = Repair(((at.word.type, str(at.word)),), back=1)
    return Problem(codes.SYNTAX, f"`{rule}` has its source without `from`", at.fed[1].span, help=help, repairs=[repair])


def masquerade_to(at: Situation) -> Problem | None:
    """`masquerade to outside`."""
    if (
        at.block != "nat"
        or [str(word) for word in at.fed] != ["masquerade", "to"]
        or at.word.type not in {"IPADDR", "NAME"}
    ):
        return None
    message = "`masquerade` leaves as the address of the interface, and has no `to`"
    help = "another address: `snat SOURCE -> ADDRESS`; the zone that it leaves to is named by the block, `nat A -> B`"
    return Problem(codes.SYNTAX, message, at.fed[1].span.to(at.word.span), help=help)


def to_for_arrow(at: Situation) -> Problem | None:
    """`snat 10.0.0.0/24 to 192.0.2.1`, as nft has it."""
    if at.block != "nat" or at.word != "to" or "_ARROW" not in at.accepted or not at.fed:
        return None
    message = f"expected `->` {place(at.fed, at.block)}, not `to`"
    repair = Repair((("_ARROW", "->"),), sure=True)
    return Problem(codes.SYNTAX, message, at.word.span, help="one way is written `->`", repairs=[repair])


def port_behind_address(at: Situation) -> Problem | None:
    """`dnat 192.0.2.1:80 -> ...` without a protocol, and `snat ... -> 192.0.2.1:1000-2000`."""
    if at.block != "nat" or at.word.type != "COLON" or not at.fed or at.fed[-1].type != "IPADDR":
        return None
    address, ports = str(at.fed[-1]), at.run.text.rpartition(":")[2]
    if at.fed[0] == "dnat" and len(at.fed) == 2:
        repair = Repair((("TCP", "tcp"), ("IPADDR", address)), back=1, ahead=0)
        help = f"say which one: `dnat tcp {address}:{ports} -> ...`"
        return Problem(codes.WRONG_FORM, "a port forward needs a protocol", at.run, help=help, repairs=[repair])
    if at.fed[0] == "snat" and "PORTS" in at.accepted:
        repair = Repair((("PORTS", "ports"),))
        help = f"write `{address} ports {ports}`"
        return Problem(codes.WRONG_FORM, "the ports of `snat` stand apart", at.run, help=help, repairs=[repair])
    return None
