"""`flowc apply --follow`: a VM restarts, and gets all of its device back, while another one's packets are not lost."""

from __future__ import annotations

from tests.packets.commands import flowc, into
from tests.packets.gateway import Gateway
from tests.packets.lab import Lab
from tests.packets.observe import wait_until
from tests.packets.servers import tcp_echo, udp_echo
from tests.packets.tenant import EIP, EXAMPLE, connected, plug_in, reach, wanted, written
from tests.packets.traffic import BRIEF, TcpFlow, UdpFlow, sending, tcp

from flowc.live import compare_live, take_down

OTHER_EIP = "2.2.2.13"
TWO = (
    EXAMPLE.replace("{ interface vms }", "{ interface vms, others }").replace(
        "    accept netperf to vm75 offload", "    accept netperf to vm75 offload\n    accept netperf to vm76 offload"
    )
    + f"""
interface others {{ device tap76; address 10.0.5.1/24; vrf acme }}
endpoint vm76 {{ address 10.0.5.76; interface others; mac 52:54:00:00:00:76 }}
eip {OTHER_EIP} <-> vm76
"""
)
PATIENCE = 30.0


def test_a_vm_restarts_and_another_one_notices_nothing(lab: Lab) -> None:
    tenant = connected(lab)
    gw, vm, peer, folder = tenant
    other = lab.namespace("vm76")
    lab.connect((gw.port("tap76"), other.port("eth0", "10.0.5.76/24", mac="52:54:00:00:00:76")))
    other.ip("route add default via 10.0.5.1")
    for machine in (vm, other):
        tcp_echo(machine, 12865)
        udp_echo(machine, 20001)
    gateway = Gateway(gw)
    state = wanted(tenant, TWO).state
    said = folder / "said"
    with into(said, flowc("apply", "--follow", written(tenant, TWO), "--netns", gw.name)) as follower:
        assert wait_until(lambda: " created" in said.read_text(), PATIENCE), said.read_text()
        reach(peer)
        for address in (EIP, OTHER_EIP):
            assert wait_until(lambda address=address: tcp(peer, address, 12865), PATIENCE)  # type: ignore[misc]  # the default binds it
        with (
            TcpFlow(peer, OTHER_EIP, 12865, source_port=41000) as stream,
            UdpFlow(peer, OTHER_EIP, 20001, source_port=41001) as datagrams,
            UdpFlow(peer, EIP, 20001, source_port=41002) as of_the_vm,
        ):
            for flow, port in ((stream, 41000), (datagrams, 41001), (of_the_vm, 41002)):
                gateway.offloads(flow, port)
            with sending(stream, interval=0.02) as by_tcp, sending(datagrams, interval=0.02) as by_udp:
                gw.ip("link del tap75")
                assert not of_the_vm.round_trips(1, timeout=BRIEF)
                plug_in(lab, gw, vm)
                assert wait_until(lambda: of_the_vm.round_trips(1, timeout=BRIEF), PATIENCE), said.read_text()
                assert wait_until(lambda: compare_live(state, gw.name).compared.is_empty, PATIENCE), said.read_text()
            assert all(by_tcp), by_tcp
            assert all(by_udp), by_udp
            gateway.offloads(of_the_vm, 41002)
        take_down(netns=gw.name)
        assert follower.wait() == 2
    assert said.read_text().endswith(
        "flowc: another flowc has changed this host since: what is on it is that one's to follow\n"
    )
