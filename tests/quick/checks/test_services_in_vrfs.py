"""What is said of services that are reached inside VRFs."""

import pytest

from flowc.api import check_files
from flowc.diagnostics import Diagnostic

HOST = """
vrf red { table 1 }
vrf blue { table 2 }
interface reds { device tap1; address 10.1.0.1/24; vrf red }
interface blues { device tap2; address 10.2.0.1/24; vrf blue }
interface lan { device eth1; address 10.3.0.1/24 }
zone red-net { interface reds }
zone blue-net { interface blues }
zone inside { interface lan }
"""


def said(policies: str) -> list[Diagnostic]:
    found = check_files(["example.flow"], read=lambda _: (HOST + policies).encode()).diagnostics
    assert not found.has_errors
    return [one for one in found if one.code.name == "service-outside-vrf"]


def test_any_is_told_with_all_of_its_vrfs() -> None:
    (one,) = said("policy any -> self { accept tcp 22 }")
    assert one.message == "services outside of vrfs `blue`, `red` do not hear this policy's connections"
    assert [label.span.text.split()[1] for label in one.related] == ["blues", "reds"]


def test_any_is_not_told_with_a_vrf_that_has_a_policy_of_its_own() -> None:
    (one,) = said("policy any -> self { accept tcp 22 }\npolicy red-net -> self { drop }")
    assert one.message == "services outside of vrf `blue` do not hear this policy's connections"


@pytest.mark.parametrize("accepted", ["icmp", "gre", "sctp 5060", "icmp echo-request; drop tcp 22"])
def test_what_needs_no_bound_service_is_not_told(accepted: str) -> None:
    assert said(f"policy red-net -> self {{ accept {accepted} }}") == []


@pytest.mark.parametrize(
    ("accepted", "sysctls"),
    [
        (" tcp 22", "set net.ipv4.tcp_l3mdev_accept"),
        (" udp 53", "set net.ipv4.udp_l3mdev_accept"),
        (" tcp, udp 53", "set net.ipv4.tcp_l3mdev_accept and net.ipv4.udp_l3mdev_accept"),
        ("", "set net.ipv4.tcp_l3mdev_accept and net.ipv4.udp_l3mdev_accept"),
    ],
)
def test_the_help_names_the_sysctls_of_what_is_admitted(accepted: str, sysctls: str) -> None:
    (one,) = said(f"policy red-net -> self {{ accept{accepted} }}")
    assert (one.help or "").endswith(f", or {sysctls}")


def test_what_the_host_itself_sends_is_not_told() -> None:
    assert said("policy self -> red-net { accept tcp 22 }") == []
