"""`flowc verify` of a gateway that carries flows: all is true, and what is broken by hand is found, with its reason.

The gateway of `examples/tenant-eip.flow`, applied live, with a TCP and a UDP flow that the flowtable carries. Each thing is
broken by itself, found, and mended by an apply.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import pytest
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import wait_until
from tests.packets.servers import tcp_echo, udp_echo
from tests.packets.tenant import EIP, EXAMPLE, PEER, PEER_OUTER, VM, Tenant, Wanted, running, wanted
from tests.packets.traffic import TcpFlow, UdpFlow, sending, tcp

from flowc.backends.netlink.connection import NETFILTER, Connection
from flowc.backends.netlink.conntrack import tracked
from flowc.live import apply_state, verify_live
from flowc.verify.model import Finding, Part, State, Verified
from flowc.verify.text import lines

TCP_PORT, UDP_PORT = 41000, 41001
PATIENCE = 20.0
"""TCP sends again what was lost, each time twice as late."""


class Net(NamedTuple):
    tenant: Tenant
    file: Wanted

    @property
    def gw(self) -> Namespace:
        return self.tenant.gw

    @property
    def peer(self) -> Namespace:
        return self.tenant.peer

    def verify(self, *, ask: bool = False) -> Verified:
        return verify_live(*self.file, self.gw.name, seconds=1.5, ask=ask)

    def apply(self) -> None:
        apply_state(self.file.state, self.gw.name)

    def carried(self) -> dict[int, int]:
        """Packets of both flows, by port; empty unless the flowtable carries both."""
        with self.gw.entered(), Connection(NETFILTER) as connection:
            entries = [one for one in tracked(connection) if one.is_offloaded and one.counters]
        found = {one.original.source_port: sum(each.packets for each in one.counters or ()) for one in entries}
        return found if {TCP_PORT, UDP_PORT} <= found.keys() else {}

    def moving(self) -> bool:
        """Packets of both are carried."""
        before = self.carried()
        time.sleep(0.2)
        after = self.carried()
        return bool(before) and all(after.get(port, 0) > before[port] for port in (TCP_PORT, UDP_PORT))


@pytest.fixture
def net(lab: Lab) -> Net:
    tenant = running(lab)
    tcp_echo(tenant.vm, 12865)
    udp_echo(tenant.vm, 20001)
    return Net(tenant, wanted(tenant, EXAMPLE))


def told(found: Verified) -> str:
    return "\n".join(lines(found, verbose=True))


def wrong(found: Verified, part: Part) -> list[Finding]:
    return [one for one in found.of(part) if one.state is State.WRONG]


def has(found: Verified, part: Part, thing: str, why: str) -> bool:
    """Something of that part is wrong for that reason."""
    return any(why in one.why and any(thing in each for each in one.things) for one in wrong(found, part))


def test_all_is_true_and_each_thing_that_is_broken_is_found(net: Net) -> None:
    assert wait_until(lambda: tcp(net.peer, EIP, 12865), PATIENCE), told(net.verify(ask=True))
    with (
        TcpFlow(net.peer, EIP, 12865, source_port=TCP_PORT) as by_tcp,
        UdpFlow(net.peer, EIP, 20001, source_port=UDP_PORT) as by_udp,
    ):
        assert by_tcp.round_trips(5)
        assert by_udp.round_trips(5)
        assert wait_until(net.carried)
        with sending(by_tcp, patience=PATIENCE), sending(by_udp, patience=0.5):
            found = net.verify(ask=True)
            print(told(found))
            assert found.is_true, told(found)
            assert any(one.why == "offloaded" and len(one.things) == 2 for one in found.of(Part.FLOWS)), told(found)
            assert any("did not pass the rules" in one.why for one in found.of(Part.FLOWS)), told(found)
            for name, broken in BROKEN.items():
                net.gw.run("sh", "-c", broken.command)
                found = net.verify()
                print(f"==== {name}\n{told(found)}")
                for part, thing, why in broken.found:
                    assert has(found, part, thing, why), f"{name}: {part} {thing} {why}\n{told(found)}"
                if broken.mend:
                    net.gw.run("sh", "-c", broken.mend)
                net.apply()
                start = time.monotonic()
                assert wait_until(net.moving, PATIENCE), f"{name}: {net.carried()}\n{told(net.verify())}"
                print(f"{name}: mended, and packets pass {time.monotonic() - start:.1f} s later")
            found = net.verify()
            assert found.is_true, told(found)


class Broken(NamedTuple):
    command: str
    found: list[tuple[Part, str, str]]
    """Part, something, and why."""
    mend: str = ""


BROKEN = {
    "a neighbour is deleted": Broken(
        f"ip neigh del {VM} dev tap75",
        [
            (Part.DRIFT, "endpoint vm75", "is missing"),
            (Part.NEIGHBORS, f"{VM} dev tap75 (endpoint vm75)", "its entry is"),
        ],
    ),
    "a route is another": Broken(
        "ip route del default table 1000 && ip route add default via 10.0.1.99 dev gre1000 table 1000",
        [(Part.DRIFT, "route default via peer vrf acme", "is missing")],
        "ip route del default via 10.0.1.99 table 1000",
    ),
    "a tunnel's packets are too large": Broken(
        "ip link set gre1000 mtu 1490",
        [
            (Part.DRIFT, "gre1000", "mtu 1490"),
            (Part.TUNNELS, "gre1000", "MTU 1490 is too large: with 42 bytes of outer"),
        ],
    ),
    "the way of a tunnel takes less": Broken(
        f"ip route add {PEER_OUTER} dev eth0 mtu 1400",
        [(Part.TUNNELS, "gre1000", f"the way to {PEER_OUTER} takes packets of 1400 bytes, and full ones have 1500")],
        f"ip route del {PEER_OUTER} dev eth0",
    ),
    "a device is not in the flowtable": Broken(
        "nft 'delete flowtable inet flowc fastpath { devices = { tap75 }; }'",
        [
            (Part.DEVICES, "tap75", "it is not in the flowtable that is loaded"),
            (Part.FLOWS, f"tcp {PEER}:{TCP_PORT} -> {EIP}:12865", "of its way tap75: it is not in the flowtable"),
            (Part.FLOWS, "2 offloaded connections", "packets within"),
        ],
    ),
    "a connection is translated otherwise": Broken(
        f"conntrack -I -p tcp -s {PEER} -d {EIP} --sport 45000 --dport 80 -r 10.0.0.99 -q {PEER} --reply-port-src 80 "
        "--reply-port-dst 45000 -t 300 --state ESTABLISHED -u SEEN_REPLY,ASSURED -w 1000",
        [(Part.FLOWS, f"tcp {PEER}:45000 -> {EIP}:80", "not as the file says: 2.2.2.11 is 10.0.0.75 now")],
        f"conntrack -D -p tcp -s {PEER} --sport 45000",
    ),
    "a device is down": Broken(
        "ip link set tap75 down",
        [
            (Part.DRIFT, "tap75", "up no -> yes"),
            (Part.DEVICES, "tap75", "it is down"),
            (Part.FLOWS, "", "tap75: it is down"),
        ],
    ),
}
