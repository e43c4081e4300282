"""Which policy is for which pair of zones."""

from __future__ import annotations

from collections.abc import Mapping

from flowc.ir.network import Host
from flowc.ir.policy import ANY, Policy


def policies_by_pair(host: Host) -> Mapping[tuple[str, str], Policy]:
    """The policy of each pair of zones, or of a zone and `self`, that has one.

    An exact pair beats `zone -> any`, that beats `any -> zone`, and that `any -> any`. `any` is never the pair A, A.
    """

    def exactness(policy: Policy) -> tuple[bool, bool]:
        return policy.source != ANY, policy.target != ANY

    zones = sorted(host.zones)
    result: dict[tuple[str, str], Policy] = {}
    for policy in sorted(host.policies, key=exactness):
        for source in zones if policy.source == ANY else [policy.source]:
            for target in zones if policy.target == ANY else [policy.target]:
                if source != target or ANY not in (policy.source, policy.target):
                    result[source, target] = policy
    return result


def pairs_by_policy(host: Host) -> list[tuple[Policy, list[tuple[str, str]]]]:
    """Each policy with the pairs that it is for; none where all of them have a more exact one."""
    found: dict[int, tuple[Policy, list[tuple[str, str]]]] = {id(policy): (policy, []) for policy in host.policies}
    for pair, policy in host.derived(policies_by_pair).items():
        found[id(policy)][1].append(pair)
    return list(found.values())
