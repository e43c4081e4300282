"""Test blocks: the packets they send, and what they expect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from flowc.ir.addresses import FAMILIES, Range
from flowc.ir.packet import NUMBERS
from flowc.ir.tests import Case, Expected, Test
from flowc.resolve import codes, packets, values
from flowc.resolve.brackets import unbracketed
from flowc.resolve.context import Context
from flowc.syntax import tree

ENDS = ("accept", "drop", "reject", "unreachable")
"""Of these a packet meets one; what is dropped or rejected does not get there, and so is `unreachable` as well."""
LIVE = ("offload", "key")
"""What only a packet that is accepted can have."""
NOWHERE = ENDS[1:]


@dataclass(slots=True)
class _Group:
    """Packets, and the expectations that they share."""

    packets: list[tree.Packet] = field(default_factory=list)
    expectations: list[tree.Expectation] = field(default_factory=list)


def test(node: tree.Test, context: Context) -> None:
    """A test with those of its packets that are right.

    Outside of host blocks it is of every host, but for the packets with names that only other hosts have.
    """
    cases: list[Case] = []
    is_mine = False
    groups = list(_groups(node, context))
    elsewhere = frozenset() if node.span in context.own_tests else context.elsewhere
    for group in groups:
        mine = [one for one in group.packets if elsewhere.isdisjoint(_names(one))]
        found = [sent for one in mine if (sent := packets.sent(one, context)) is not None]
        if not mine:
            continue
        is_mine = True
        wanted = _expected(group.expectations, context)
        if any(one.protocol.protocol.text in NUMBERS for one in mine):
            _unbracketed(group.expectations, context)
        cases += [Case(sent=sent, expected=wanted) for sent in found]
    if groups and not is_mine:
        return
    if not node.steps and not context.scope.is_damaged(node.span):
        context.diagnostics.report(
            codes.EXPECTS_NOTHING, f"the test `{node.name.text}` is empty: it always passes", node.name.span
        )
    first = next((one for one in context.tests if one.name == node.name.text), None)
    if first is not None:
        context.diagnostics.report(
            codes.DUPLICATE_TEST,
            f"there are two tests `{node.name.text}`",
            node.name.span,
            related=[(first.span, "the first one")],
            help="say in the name what this one is about",
        )
    context.tests.append(Test(name=node.name.text, cases=tuple(cases), span=node.name.span))


def of_no_host(shared: Iterable[tree.Statement], hosts: Sequence[tuple[tree.Host, Context]]) -> None:
    """Report the packets outside of the host blocks whose names no host has all of: each host leaves them to others."""
    if any(context.scope.is_damaged(host.span) for host, context in hosts):
        return
    steps = (step for node in shared if isinstance(node, tree.Test) for step in node.steps)
    for packet in (step for step in steps if isinstance(step, tree.Packet)):
        used = _names(packet)
        if all(not context.elsewhere.isdisjoint(used) for _, context in hosts):
            _on_no_host(packet, hosts)


def _on_no_host(packet: tree.Packet, hosts: Sequence[tuple[tree.Host, Context]]) -> None:
    related = []
    for name in packets.names(packet):
        having = [f"`{host.name.text}`" for host, context in hosts if name.text in context.scope.names]
        if 0 < len(having) < len(hosts):
            related.append((name.span, f"only on {', '.join(having)}"))
    hosts[0][1].diagnostics.report(
        codes.ON_NO_HOST,
        "no host has all the names of this packet, so that it is never tested",
        packet.span,
        related=related,
        help="write the address of what is on another host",
    )


def _names(node: tree.Packet) -> set[str]:
    return {name.text for name in packets.names(node)}


def _groups(node: tree.Test, context: Context) -> Iterable[_Group]:
    damaged = context.scope.is_damaged(node.span)
    group = _Group()
    for step in node.steps:
        if isinstance(step, tree.Packet):
            if group.expectations:
                yield group
                group = _Group()
            group.packets.append(step)
        elif group.packets:
            group.expectations.append(step)
        elif not damaged:
            context.diagnostics.report(
                codes.EXPECTED_OF_NOTHING,
                "there is no packet before this expectation",
                step.span,
                help="a packet comes first: `tcp ADDRESS -> ADDRESS:PORT from ZONE`, then what is expected of it",
            )
    if group.packets:
        yield group
    if group.packets and not group.expectations and not damaged:
        context.diagnostics.report(
            codes.EXPECTS_NOTHING,
            "nothing is expected of this packet",
            group.packets[-1].span,
            help="say what should become of it: `expect accept` or `expect drop`",
        )


# ---- expectations ---------------------------------------------------------------------------------------------------


def _expected(nodes: Sequence[tree.Expectation], context: Context) -> tuple[Expected, ...]:
    for at, node in enumerate(nodes):
        against = next((one for one in nodes[:at] if _contradict(one, node)), None)
        if against is not None:
            context.diagnostics.report(
                codes.CONTRADICTORY,
                f"`{node.span.text}` contradicts `{against.span.text}`",
                node.span,
                related=[(against.span, "expected of the same packet")],
                help="of one packet expect one of them",
            )
    return tuple(one for node in nodes for one in _of(node, context))


def _unbracketed(nodes: Iterable[tree.Expectation], context: Context) -> None:
    for node in nodes:
        if isinstance(node.value, tree.Socket) and node.value.ports is None:
            unbracketed(node.value.address, context.diagnostics)


def _contradict(first: tree.Expectation, second: tree.Expectation) -> bool:
    """No packet meets both."""
    one, other = first.key.text, second.key.text
    if one in ENDS and other in ENDS:
        return one != other and ("accept" in (one, other) or "unreachable" not in (one, other))
    for end, live in ((first, second), (second, first)):
        if end.key.text in NOWHERE and live.key.text in LIVE:
            return not live.negated
    if one != other:
        return False
    same = _words(first) == _words(second)
    if one == "key" and (first.negated or second.negated):
        return same and first.negated != second.negated
    return first.negated != second.negated if one == "offload" else not same and one != "rule"


def _words(node: tree.Expectation) -> list[str]:
    return node.span.text.removeprefix("not").split()


def _of(node: tree.Expectation, context: Context) -> Iterable[Expected]:
    value = node.value
    plain = {
        "what": node.key.text,
        "negated": node.negated,
        "family": None,
        "address": None,
        "ports": None,
        "key": None,
        "text": None,
        "span": node.span,
    }
    if isinstance(value, tree.Number):
        key = values.number(value, 0, 2**32 - 1, "tunnel key", context.diagnostics)
        return () if key is None else (Expected.model_validate({**plain, "key": key}),)
    if isinstance(value, tree.String):
        return (Expected.model_validate({**plain, "text": value.text}),)
    if not isinstance(value, tree.Socket):
        return (Expected.model_validate(plain),)
    ports = None if value.ports is None else values.ports(value.ports, context.diagnostics)
    if value.ports is not None and ports is None:
        return ()
    between = None if ports is None else Range(*ports)
    return tuple(
        Expected.model_validate({**plain, "family": family, "address": address, "ports": between})
        for family, address in _addresses(value.address, context)
    )


def _addresses(node: tree.Address | tree.Name, context: Context) -> Iterable[tuple[int, int]]:
    if isinstance(node, tree.Address):
        found = values.address(node, context.diagnostics)
        return () if found is None else (found,)
    endpoint = context.endpoint(node)
    if endpoint is None:
        return ()
    both = zip(FAMILIES, (endpoint.v4, endpoint.v6), strict=True)
    return tuple((family, address) for family, address in both if address is not None)
