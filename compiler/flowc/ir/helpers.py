"""Conntrack helpers: kernel modules that read a protocol to know which further connections belong to it."""

from __future__ import annotations

from typing import Literal, NamedTuple


class KernelHelper(NamedTuple):
    """A helper as the kernel registers it (net/netfilter/nf_conntrack_*.c)."""

    name: str
    protocol: Literal["tcp", "udp"]


HELPERS: dict[str, tuple[KernelHelper, ...]] = {
    "amanda": (KernelHelper("amanda", "udp"),),
    "ftp": (KernelHelper("ftp", "tcp"),),
    "h323": (KernelHelper("Q.931", "tcp"), KernelHelper("RAS", "udp")),
    "irc": (KernelHelper("irc", "tcp"),),
    "netbios-ns": (KernelHelper("netbios-ns", "udp"),),
    "pptp": (KernelHelper("pptp", "tcp"),),
    "sane": (KernelHelper("sane", "tcp"),),
    "sip": (KernelHelper("sip", "tcp"), KernelHelper("sip", "udp")),
    "snmp": (KernelHelper("snmp", "udp"),),
    "tftp": (KernelHelper("tftp", "udp"),),
}
"""By the name a rule uses, the helpers it may need: one for each protocol."""

NAT_MODULES: dict[str, str] = {
    "amanda": "nf_nat_amanda",
    "ftp": "nf_nat_ftp",
    "h323": "nf_nat_h323",
    "irc": "nf_nat_irc",
    "pptp": "nf_nat_pptp",
    "sip": "nf_nat_sip",
    "snmp": "nf_nat_snmp_basic",
    "tftp": "nf_nat_tftp",
}
"""What rewrites the addresses inside of a translated connection. nft loads the helpers and not these."""
