"""Source translation for what no policy lets through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowc.analysis.everywhere import everywhere
from flowc.checks.base import NetworkCheck
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.nat import Nat
from flowc.ir.network import Host, Network
from flowc.ir.pairs import policies_by_pair
from flowc.ir.policy import Action, Policy
from flowc.source import Span

CODE = register(
    "FC330",
    "translation-without-policy",
    Severity.WARNING,
    "Translation admits nothing by itself: what `snat` or `masquerade` would translate on its way from a zone to another is "
    "dropped, since no policy is for these two zones, or the one that is accepts nothing.",
)


class _Finding(NamedTuple):
    span: Span
    nat: Nat
    policy: Policy | None


def run(network: Network, diagnostics: Diagnostics) -> None:
    """Report each such block once, at its first rule."""
    for found in everywhere(network, _look):
        source, target = found.nat.source, found.nat.target
        pair = f"policy {source} -> {target}"
        diagnostics.report(
            CODE,
            f"no policy admits anything from zone `{source}` to zone `{target}`",
            found.span,
            "so this translates nothing",
            related=[(found.policy.span, "this policy judges it, and accepts nothing")] if found.policy else [],
            help=f"add an `accept` to {pair}"
            if found.policy and (found.policy.source, found.policy.target) == (source, target)
            else f"for example: {pair} {{ accept }}",
        )


def _look(host: Host) -> Iterator[tuple[tuple[str, str, Span], _Finding | None]]:
    """Within one zone, it is for callers of that zone's own port forwards, which other policies admit."""
    policies = policies_by_pair(host)
    for nat in host.nats:
        rules = [*(one.span for one in nat.snats), *(one.span for one in nat.masquerades)]
        if not rules or nat.source == nat.target:
            continue
        policy = policies.get((nat.source, nat.target))
        admits = policy is not None and any(rule.action is Action.ACCEPT for rule in policy.rules)
        first = min(rules, key=lambda span: span.start)
        yield (nat.source, nat.target, first), None if admits else _Finding(first, nat, policy)


_HOST = """
interface lan { device eth1; address 10.0.0.1/24 }
interface guests { device eth2; address 10.0.1.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
route default via 192.0.2.254
zone inside { interface lan }
zone visitors { interface guests }
zone internet { interface wan }
policy inside -> internet { accept }
policy inside -> self { accept tcp 22 }
"""

CHECK = NetworkCheck(
    CODE,
    run,
    bad=_HOST + "nat visitors -> internet { masquerade }\n",
    good=_HOST + "policy visitors -> internet { accept }\nnat visitors -> internet { masquerade }\n",
)
