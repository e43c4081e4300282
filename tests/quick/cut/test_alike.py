"""Machines that are alike stand for each other, and what is found out is what the trace of each one says."""

from itertools import product
from pathlib import Path

from tests.quick.trace.asking import host_of

from flowc.cut.addressed import addressed
from flowc.cut.alike import Alike
from flowc.cut.judge import Judge
from flowc.hoststate.tracked import Direction, Status, Tracked
from flowc.ir.addresses import parse_address

MANY = 12
HOST = """
vrf red  { table 1001 }
vrf blue { table 1002 }
interface uplink { device eth0; address 192.0.2.2/24 }
interface reds   { device tap1; address 10.0.0.1/16; vrf red }
interface others { device tap2; address 10.1.0.1/16; vrf red }
interface blues  { device tap3; address 10.0.0.1/16; vrf blue }
route default via 192.0.2.1
route default via 192.0.2.1 vrf red
route default via 192.0.2.1 vrf blue
route 10.9.0.0/24 via r20 vrf red
zone red-net  { interface reds, others }
zone blue-net { interface blues }
zone internet { interface uplink }
pool public 50.0.0.0/16 at internet
policy internet -> red-net {
    drop tcp 25 to r14
    drop udp from 60.0.0.0/8
    accept tcp {25, 80} offload
    accept udp 53 to 10.0.0.12-10.0.0.19
}
policy internet -> blue-net { accept tcp 80 }
policy red-net -> internet { drop tcp 25 from 10.0.0.17; accept tcp offload }
policy blue-net -> internet { accept udp }
nat internet -> red-net { dnat tcp 50.0.0.12:8080 -> r18:80 }
nat red-net -> internet { snat 10.0.0.0/15 -> 50.0.0.5 }
"""
RED = "".join(
    f"endpoint r{n} {{ address 10.{n % 2}.0.{n}; interface {('reds', 'others')[n % 2]} }}\neip 50.0.0.{n} <-> r{n}\n"
    for n in range(10, 10 + MANY)
)
BLUE = "".join(
    f"endpoint b{n} {{ address 10.0.0.{n}; interface blues }}\neip 50.0.1.{n} <-> b{n}\n" for n in range(10, 10 + MANY)
)


def number(text: str) -> int:
    return parse_address(text)[1]


def entries() -> list[Tracked]:
    """To and from public addresses, translated as EIPs are, and some that are not translated."""
    red = [(number(f"50.0.0.{n}"), number(f"10.{n % 2}.0.{n}")) for n in range(10, 10 + MANY)]
    blue = [(number(f"50.0.1.{n}"), number(f"10.0.0.{n}")) for n in range(10, 10 + MANY)]
    outside = [(number(one),) * 2 for one in ("9.9.9.9", "60.1.1.1", "10.9.0.5")]
    found = []
    for zone, mine in ((1001, red), (1002, blue)):
        for (public, target), protocol, port in product(mine, (6, 17), (25, 53, 8080)):
            calls = [(caller, (public, target)) for caller in (*outside, mine[3][::-1])]
            calls += [((target, public), outside[0]), ((target, target), mine[1]), ((target, target), (target, target))]
            for there, back in calls:
                original = Direction(there[0], back[0], protocol, 40000, port)
                reply = Direction(back[1], there[1], protocol, port, 40000)
                status = int(Status.CONFIRMED | Status.OFFLOAD)
                found.append(Tracked(4, original, reply, zone, zone, 0, status, None, 1, None, None))
    return found


def test_it_is_the_same_as_one_by_one(tmp_path: Path) -> None:
    host = host_of(HOST + RED + BLUE, tmp_path)
    by_one, alike, judge = Judge(addressed(host, [])), Alike(host), Judge(addressed(host, []))
    found = entries()
    for one in found:
        assert judge.judge(one) == by_one.exactly(one), one
    assert len({alike.standing_for(one) for one in found}) < len(found) * 3 // 4
    assert {type(judge.judge(one)) for one in found} > {bool}
