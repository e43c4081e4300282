"""Port forwards and EIPs whose target no policy admits anything to."""

from __future__ import annotations

from collections.abc import Hashable

from flowc.analysis.everywhere import everywhere
from flowc.analysis.translated import Refused, Translations
from flowc.checks.base import NetworkCheck
from flowc.checks.few import MOST
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.network import Network

CODE = register(
    "FC214",
    "target-not-admitted",
    Severity.WARNING,
    "Translation admits nothing by itself: the policy from the zone of the public address to the zone of the target has to "
    "admit what was translated, under the target's address and port. For this port forward no rule of it accepts a single "
    "packet; for this EIP none does either way, neither to its machine nor from it.",
)


def run(network: Network, diagnostics: Diagnostics) -> None:
    """Report each row by itself, or the first of many with one cause."""
    causes: dict[Hashable, list[Refused]] = {}
    for found in everywhere(network, lambda host: Translations(host).rows()):
        policies = tuple(policy.span for policy in found.policies)
        causes.setdefault((found.what, found.zone, found.targets, policies), []).append(found)
    for alike in causes.values():
        zones = f"from zone `{alike[0].zone}` to {_zones(alike[0])}"
        more = f"the same goes for {len(alike) - 1} more {alike[0].what}s {zones}"
        for found in alike if len(alike) <= MOST else alike[:1]:
            diagnostics.report(
                CODE,
                f"no policy admits {_traffic(found)} {'to or from' if found.what == 'EIP' else 'to'} `{found.target}`",
                found.span,
                f"where this {found.what} leads",
                related=[(policy.span, "this policy judges it") for policy in found.policies],
                notes=[] if len(alike) <= MOST else [more],
                help=_help(found),
            )


def _zones(found: Refused) -> str:
    return " or ".join("the host" if name == "self" else f"zone `{name}`" for name in found.targets)


def _traffic(found: Refused) -> str:
    return f"{found.protocol} {_ports(found)}" if found.protocol else "anything"


def _ports(found: Refused) -> str:
    low, high = found.ports
    return str(low) if low == high else f"{low}-{high}"


def _help(found: Refused) -> str:
    protocol = f"{found.protocol} {_ports(found)} " if found.protocol else ""
    rule = f"accept {protocol}to {found.target}"
    pair = f"policy {found.zone} -> {found.targets[0]}"
    return f"add to {pair}: `{rule}`" if found.policies else f"for example: {pair} {{ {rule} }}"


_HOST = """
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
endpoint web { address 10.0.0.80; interface lan }
route default via 192.0.2.254
zone inside { interface lan }
zone internet { interface wan }
policy inside -> self { accept tcp 22 }
nat internet -> inside { dnat tcp 192.0.2.1:8080 -> web:80 }
"""

CHECK = NetworkCheck(
    CODE,
    run,
    bad=_HOST + "policy internet -> inside { accept tcp 8080 to web }\n",
    good=_HOST + "policy internet -> inside { accept tcp 80 to web }\n",
)
