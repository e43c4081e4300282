"""Routes and rules as netlink messages: their bytes, and there and back again."""

from __future__ import annotations

import socket
import struct
from dataclasses import replace
from typing import Any, Literal

import pytest
from pyroute2.netlink.rtnl.fibmsg import fibmsg
from tests.quick.backends.kernel import HEADER, Kernel

from flowc.backends.netlink.connection import Connection, MissingDeviceError, RefusedError
from flowc.backends.netlink.messages.lwtunnel_ip import rtmsg
from flowc.backends.netlink.objects import filters, routes, rules
from flowc.delta.routes import Route
from flowc.hoststate import Encap, NextHop, RouteRow, Rule, nothing
from flowc.hoststate.routing import Family
from flowc.ir.addresses import FAMILIES
from flowc.source import NOWHERE

NAMES = dict(socket.if_nameindex())
LO = socket.if_nametoindex("lo")


def route(
    family: Family,
    destination: str,
    *hops: NextHop,
    kind: Literal["unicast", "local", "unreachable", "blackhole"] = "unicast",
    metric: int | None = None,
    table: int = 254,
) -> RouteRow:
    return RouteRow(family, table, destination, kind, hops, metric, NOWHERE)


FOUR, SIX = Encap(4, 0xFFFFFFFF, "192.0.2.1", "192.0.2.2"), Encap(6, 0, "2001:db8::1", "2001:db8::2")
FOUR_FAR, SIX_FAR = FOUR._replace(ttl=255), SIX._replace(ttl=1)
ROUTES = [
    route(4, "192.0.2.0/24", kind="blackhole"),
    route(4, "default", kind="unreachable", metric=0xFEFFFFFF, table=1000),
    route(6, "default", kind="unreachable", metric=0xFEFFFFFF, table=1000),
    route(4, "10.0.0.0/8", NextHop(None, "lo", 1)),
    route(4, "10.1.0.0/16", NextHop("10.0.0.1", "lo", 1), metric=1024),
    route(6, "fd00::/8", NextHop("fe80::1", "lo", 1), metric=20, table=255),
    route(4, "10.2.0.0/16", NextHop("fe80::1", "lo", 1)),
    route(4, "10.3.0.1/32", NextHop(None, "lo", 1), kind="local", table=256),
    route(4, "10.4.0.0/16", NextHop("10.0.0.1", "lo", 1, FOUR), NextHop("10.0.0.2", "lo", 256, SIX)),
    route(6, "fd04::/64", NextHop("fe80::1", "lo", 2), NextHop("fe80::2", "lo", 1, FOUR)),
    route(6, "fd05::/64", NextHop(None, "lo", 1, SIX), table=0xFFFFFFFF),
    route(4, "10.5.0.0/16", NextHop("10.0.0.1", "lo", 1, FOUR_FAR)),
    route(6, "fd06::/64", NextHop(None, "lo", 1, SIX_FAR)),
]


def onlink(row: RouteRow, answer: bool = False) -> Route:
    return Route(row, (answer,) * len(row.nexthops))


def there(row: RouteRow, answer: bool = False) -> RouteRow:
    """As it is read."""
    return row._replace(nexthops=tuple(hop._replace(onlink=answer) for hop in row.nexthops))


@pytest.mark.parametrize("row", ROUTES, ids=lambda row: row.destination)
@pytest.mark.parametrize("answer", [False, True])
def test_a_route_is_read_as_it_was_written(row: RouteRow, answer: bool) -> None:
    kernel: Any = Kernel()
    routes.create(kernel, onlink(row, answer))
    assert list(routes.read(kernel, NAMES, NOTHING, [])) == [there(row, answer)]


def test_routes_are_in_the_order_of_lowering() -> None:
    kernel: Any = Kernel()
    for row in (ROUTES[4], ROUTES[2], ROUTES[3]):
        routes.create(kernel, onlink(row))
    assert list(routes.read(kernel, NAMES, NOTHING, [])) == [there(ROUTES[number]) for number in (3, 4, 2)]


def test_what_no_row_can_say_is_left_out() -> None:
    kernel: Any = Kernel()
    for field in ({"tos": 4}, {"src_len": 8}, {"proto": 4}, {"type": 8}, {"flags": 0x200}):
        fields, attributes = routes.message(onlink(ROUTES[3]))
        kernel.write(rtmsg, 24, 0, {**fields, **field}, attributes)
    assert list(routes.read(kernel, NAMES, NOTHING, [])) == []


def test_the_metric_that_ipv6_takes_without_one_is_none() -> None:
    kernel: Any = Kernel()
    routes.create(kernel, onlink(ROUTES[5]._replace(metric=1024)))
    assert [row.metric for row in routes.read(kernel, NAMES, NOTHING, [])] == [None]


def test_an_encapsulation_is_the_bytes_of_ip_route() -> None:
    """`ip route add 10.0.0.0/8 encap ip id 1000 src 192.0.2.1 dst 192.0.2.2 key dev lo`, iproute2 6.1."""
    kernel: Any = Kernel()
    hop = NextHop(None, "lo", 1, Encap(4, 1000, "192.0.2.1", "192.0.2.2"))
    routes.create(kernel, onlink(route(4, "10.0.0.0/8", hop)))
    encap = "0c000100 00000000000003e8 08000300 c0000201 08000200 c0000202 06000600 0004 0000".replace(" ", "")
    assert kernel.messages[0][HEADER:].hex() == (
        "02080000fe66fd0100000000"  # struct rtmsg
        "08000100 0a000000".replace(" ", "")
        + "28001680"
        + encap
        + "0600150002000000"
        + f"08000400{LO.to_bytes(4, 'little').hex()}"
    )


def test_a_device_that_is_missing_is_named() -> None:
    kernel: Any = Kernel()
    missing = onlink(route(4, "10.0.0.0/8", NextHop(None, "none", 1)))
    with pytest.raises(MissingDeviceError, match="there is no device none"):
        routes.create(kernel, missing)
    routes.delete(kernel, missing)
    assert not kernel.messages


RULES = [
    Rule(4, 500, 1000, NOWHERE, mark=(1, 0xFF)),
    Rule(4, 500, 1001, NOWHERE, mark=(2, 0xFFFFFFFF), device="lo"),
    Rule(4, 501, 255, NOWHERE, source="10.9.0.0/24"),
    Rule(6, 500, 1000, NOWHERE, mark=(0, 0xFF), device="gtmd"),
    Rule(6, 2000, 254, NOWHERE, source="fd00::1", suppress=0),
]

NOTHING = nothing("gw")


def test_rules_are_read_as_they_were_written() -> None:
    kernel: Any = Kernel()
    for rule in reversed(RULES):
        rules.create(kernel, rule)
    # The kernel always says what mark is looked at.
    assert rules.read(kernel, NOTHING)[0] == tuple(RULES)


def test_the_local_rule_is_none_of_them() -> None:
    kernel: Any = Kernel()
    local = Rule(4, 32765, 255, NOWHERE)
    rules.create(kernel, local)
    rules.create(kernel, Rule(6, 0, 255, NOWHERE))
    other = (Rule(6, 0, 255, NOWHERE),)
    last = replace(NOTHING, local_rule_last=True)
    assert rules.read(kernel, last) == (other, True)
    assert rules.read(kernel, replace(last, rules=other)) == (other, False)
    assert rules.read(kernel, NOTHING) == (other, True)


def test_many_rules_are_read_once_to_be_deleted() -> None:
    """There may be thousands, and thousands may go."""

    class Deleting(Kernel):
        writes = 0
        dumps = 0

        def dump(self, number: int, body: bytes) -> list[bytes]:
            self.dumps += 1
            # The kernel says the table in an attribute, whatever its number.
            return [one + struct.pack("=HHI", 8, 15, one[HEADER + 4]) for one in super().dump(number, body)]

        def send(self, number: int, flags: int, body: bytes) -> None:
            assert (number, flags) == (33, 0)
            self.writes += 1
            self.known.clear()
            self.messages.remove(next(one for one in self.messages if body.startswith(one[HEADER:])))

    kernel: Any = Deleting()
    made = [Rule(family, 500, table, NOWHERE, mark=(table, 0xFF)) for family in FAMILIES for table in range(1, 101)]
    for rule in made:
        rules.create(kernel, rule)
    for rule in made[10:190]:
        rules.delete(kernel, rule)
    assert (kernel.dumps, len(kernel.messages)) == (2, 20)
    rules.delete(kernel, made[150])
    rules.delete(kernel, made[190])
    assert (kernel.dumps, len(kernel.messages)) == (2, 19)
    kernel.known.clear()  # something else was written
    rules.delete(kernel, made[191])
    assert (kernel.dumps, len(kernel.messages)) == (3, 18)


@pytest.mark.parametrize("more", [("FRA_OIFNAME", "lo"), ("FRA_IP_PROTO", 6), ("FRA_SUPPRESS_IFGROUP", 1)])
def test_a_rule_that_matches_more_is_none_of_them(more: tuple[str, Any]) -> None:
    kernel: Any = Kernel()
    fields, attributes = rules.message(RULES[0])
    kernel.write(fibmsg, 32, 0, fields, [*attributes, more])
    assert rules.read(kernel, NOTHING)[0] == ()


def test_in_a_namespace_without_anything_there_is_nothing() -> None:
    """With the kernel of this machine, which is only asked."""
    try:
        with Connection() as connection:
            assert filters.read(connection, NAMES, ["lo"]) == ()
            assert isinstance(rules.read(connection, NOTHING), tuple)
    except (OSError, RefusedError) as error:
        pytest.skip(str(error))
