"""The host's nft is older than those that the output was tried with."""

from __future__ import annotations

import re

from flowc.checks.base import FactsCheck
from flowc.checks.live.common import somewhere
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.network import Host, Offload

OLDEST_TRIED = (1, 0, 6)
"""Debian 12's nft, the older of the two that the packet tests load with."""

CODE = register(
    "FC814",
    "nft-too-old",
    Severity.WARNING,
    "The host's nft is older than 1.0.6, the oldest that flowc's output is tried with. Some of what a ruleset uses came "
    "late: intervals within the concatenated keys of maps with 1.0.0, `flags offload` with 0.9.9, the ingress hook of "
    "inet tables with 0.9.7, `meta sdifname` with 0.9.4. The load is refused as a whole then, at one line.",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report the host, and what of the file its nft certainly does not know."""
    text, place = index.facts.tools.nft, somewhere(host)
    version = _version(text or "")
    if version is None or place is None or version >= OLDEST_TRIED:
        return
    lacking = [what for since, what, used in _features(host) if used and version < since]
    diagnostics.report(
        CODE,
        f"the host has nft {text}, and flowc's output is tried with 1.0.6 and newer only",
        place,
        notes=[f"it has no {lacking[0]}"] if lacking else (),
        help="install a newer nftables, or try `nft -c -f ruleset.nft` on such a host first",
    )


def _version(text: str) -> tuple[int, int, int] | None:
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


def _features(host: Host) -> list[tuple[tuple[int, int, int], str, bool]]:
    """Since when nft has what, and if the file needs it. From the release notes of nftables."""
    offloads = any(rule.offload for policy in host.policies for rule in policy.rules)
    return [
        ((0, 9, 4), "`meta sdifname`, by which members of a VRF are known", bool(host.vrfs)),
        ((0, 9, 9), "`flags offload` of flowtables", offloads and host.offload is Offload.HARDWARE),
        ((1, 0, 0), "intervals in the keys of translation maps", len(host.forwards) + len(host.prefix_eips) > 0),
    ]


CHECK = FactsCheck(
    CODE,
    run,
    bad="""
host gw1 { kernel 6.1 }
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
    good="""
host gw1 { kernel 6.1 }
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
    facts="""
{"version": 1, "hostname": "gw1", "tools": {"nft": "0.9.8"}}
""",
    good_facts="""
{"version": 1, "hostname": "gw1", "tools": {"nft": "1.0.6"}}
""",
)
