"""What is said of a policy's rules is true of every packet, and nothing true is left unsaid."""

from hypothesis import given
from tests.quick.analysis.packets import PACKETS, decides, fits, policies

from flowc.analysis.rules import Rules
from flowc.analysis.space import Space
from flowc.ir.policy import Policy


@given(policies())
def test_a_rule_is_covered_if_and_only_if_no_packet_reaches_it(policy: Policy) -> None:
    reached = {number for packet in PACKETS for number in decides(policy, packet)}
    rules = Rules(policy, Space())
    covered = {number for number in range(len(policy.rules)) if rules.takers(number) is not None}
    assert covered == set(range(len(policy.rules))) - reached


@given(policies())
def test_the_takers_of_a_covered_rule_are_those_that_decide_its_packets(policy: Policy) -> None:
    rules = Rules(policy, Space())
    for number, rule in enumerate(policy.rules):
        takers = rules.takers(number)
        if takers is not None:
            deciding = {decides(policy, packet)[-1] for packet in PACKETS if fits(rule, packet)}
            assert set(takers) == deciding
