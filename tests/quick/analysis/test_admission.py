"""What a policy is said to admit of translated packets is what it does to each of them."""

from hypothesis import given
from hypothesis import strategies as st
from tests.quick.analysis.packets import FAMILIES, PACKETS, Packet, decides, policies

from flowc.analysis.admission import Admission
from flowc.analysis.space import EITHER, EVERY_DETAIL, TRANSLATED, Space
from flowc.ir.addresses import Family, Range
from flowc.ir.packet import EVERY_PROTOCOL
from flowc.ir.policy import Action, Policy

ADDRESS_RANGES = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda ends: Range(min(ends), max(ends)))
PORT_RANGES = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(lambda ends: Range(min(ends), max(ends)))


def admitted(policy: Policy, packet: Packet) -> bool:
    """A rule with a limit accepts some of what fits it, and lets the rest go on."""
    return any(policy.rules[number].action is Action.ACCEPT for number in decides(policy, packet))


@given(policies(), st.sampled_from(FAMILIES), ADDRESS_RANGES, st.sampled_from((6, 17)), PORT_RANGES)
def test_a_port_forward_is_admitted_if_and_only_if_a_packet_of_it_is(
    policy: Policy, family: Family, target: Range, protocol: int, ports: Range
) -> None:
    found = Admission(policy, Space(), "destination").admits(
        family, target, (Range(protocol, protocol),), (ports,), TRANSLATED
    )
    assert found == any(
        admitted(policy, packet)
        for packet in PACKETS
        if (packet.family, packet.protocol, packet.translated) == (family, protocol, True)
        and target.low <= packet.destination <= target.high
        and ports.low <= packet.below <= ports.high
    )


@given(policies(), st.sampled_from(FAMILIES), ADDRESS_RANGES)
def test_what_an_eip_may_send_is_what_is_admitted_from_its_machine(
    policy: Policy, family: Family, machine: Range
) -> None:
    found = Admission(policy, Space(), "source").admits(family, machine, EVERY_PROTOCOL, EVERY_DETAIL, EITHER)
    assert found == any(
        admitted(policy, packet)
        for packet in PACKETS
        if packet.family == family and machine.low <= packet.source <= machine.high
    )


@given(policies(), st.lists(st.tuples(st.sampled_from(FAMILIES), st.integers(0, 4), PORT_RANGES), min_size=2))
def test_answers_do_not_depend_on_what_was_asked_before(
    policy: Policy, questions: list[tuple[Family, int, Range]]
) -> None:
    """Addresses of one kind share an answer."""
    tcp = (Range(6, 6),)
    together = Admission(policy, Space(), "destination")
    for family, address, ports in questions:
        alone = Admission(policy, Space(), "destination")
        asked = (family, Range(address, address), tcp, (ports,), TRANSLATED)
        assert together.admits(*asked) == alone.admits(*asked)


@given(policies())
def test_what_would_take_too_long_counts_as_admitted(policy: Policy) -> None:
    found = Admission(policy, Space(budget=0), "destination")
    assert found.admits(4, Range(1, 1), (Range(6, 6),), (Range(1, 1),), TRANSLATED)
