"""ICMP type names as nft writes them (nft(8), ICMP TYPE and ICMPV6 TYPE), so that they reach the ruleset unchanged."""

from __future__ import annotations

ICMP_TYPES = frozenset(
    {
        "echo-reply",
        "destination-unreachable",
        "source-quench",
        "redirect",
        "echo-request",
        "router-advertisement",
        "router-solicitation",
        "time-exceeded",
        "parameter-problem",
        "timestamp-request",
        "timestamp-reply",
        "info-request",
        "info-reply",
        "address-mask-request",
        "address-mask-reply",
    }
)

ICMPV6_TYPES = frozenset(
    {
        "destination-unreachable",
        "packet-too-big",
        "time-exceeded",
        "parameter-problem",
        "echo-request",
        "echo-reply",
        "mld-listener-query",
        "mld-listener-report",
        "mld-listener-done",
        "nd-router-solicit",
        "nd-router-advert",
        "nd-neighbor-solicit",
        "nd-neighbor-advert",
        "nd-redirect",
        "router-renumbering",
        "ind-neighbor-solicit",
        "ind-neighbor-advert",
        "mld2-listener-report",
    }
)
