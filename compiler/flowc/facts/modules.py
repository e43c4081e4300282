"""The kernel modules that flowc's output can need, by what needs them. A host's facts tell of these."""

from __future__ import annotations

from flowc.ir.helpers import HELPERS, NAT_MODULES

RULESET = ("nf_tables", "nft_ct")
OFFLOAD = ("nf_flow_table", "nf_flow_table_inet", "nft_flow_offload")
TRANSLATION = ("nft_chain_nat", "nft_nat")
MASQUERADE = ("nft_masq",)
CONNECTIONS = ("nft_connlimit",)
LIMIT = ("nft_limit",)
LOG = ("nft_log",)
REJECT = ("nft_reject_inet",)
SHARED_TUNNEL = ("cls_flower", "act_skbedit", "act_tunnel_key", "sch_ingress")
TC = (
    "cls_flower",
    "sch_ingress",
    "act_ct",
    "act_gact",
    "act_pedit",
    "act_csum",
    "act_mirred",
    "act_police",
    "act_tunnel_key",
)
STATELESS = ("act_nat", *(name for name in TC if name != "act_ct"))

LINKS = {
    "vrf": "vrf",
    "vlan": "8021q",
    "bridge": "bridge",
    "veth": "veth",
    "gre": "ip_gre",
    "gretap": "ip_gre",
    "ip6gre": "ip6_gre",
    "ip6gretap": "ip6_gre",
}
"""By the kind of device."""

HELPER_MODULES = {name: f"nf_conntrack_{name.replace('-', '_')}" for name in HELPERS}
"""By the name a rule uses."""

MODULES: tuple[str, ...] = tuple(
    dict.fromkeys(
        [
            *RULESET, *OFFLOAD, *TRANSLATION, *MASQUERADE, *CONNECTIONS, *LIMIT, *LOG, *REJECT, *SHARED_TUNNEL, *TC, *STATELESS,
            *LINKS.values(), *HELPER_MODULES.values(), *NAT_MODULES.values(), "br_netfilter",
        ]
    )
)  # fmt: skip
"""All of them. Not those that newer kernels have within nf_tables, as nft_objref since 6.2: there they are no modules."""
