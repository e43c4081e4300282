"""The kernel settings that forwarding, translation and VRFs depend on, from /proc/sys."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.backends.netlink.facts.gaps import Gaps, Roots

KEYS = (
    "kernel/modules_disabled",
    "net/ipv4/ip_forward",
    "net/ipv4/ip_local_port_range",
    "net/ipv4/ip_nonlocal_bind",
    "net/ipv4/fwmark_reflect",
    "net/ipv4/tcp_fwmark_accept",
    "net/ipv4/tcp_l3mdev_accept",
    "net/ipv4/udp_l3mdev_accept",
    "net/ipv4/raw_l3mdev_accept",
    "net/bridge/bridge-nf-call-arptables",
    "net/bridge/bridge-nf-call-ip6tables",
    "net/bridge/bridge-nf-call-iptables",
    "net/netfilter/nf_conntrack_acct",
    "net/netfilter/nf_conntrack_count",
    "net/netfilter/nf_conntrack_max",
)

OF_DEVICES = {
    "net/ipv4/conf": ("forwarding", "rp_filter", "route_localnet", "proxy_arp", "send_redirects", "src_valid_mark"),
    "net/ipv6/conf": ("forwarding", "disable_ipv6", "accept_ra", "proxy_ndp"),
}
"""Folders with one folder for each device, and for `all` and `default`, and what is read in each of these."""

MODULES = {"net/bridge/": "br_netfilter", "net/netfilter/": "nf_conntrack", "net/ipv6/": "ipv6"}
"""What brings the settings."""


def sysctls(roots: Roots, gaps: Gaps) -> dict[str, str]:
    """Key in the slash form to value; several words of one are separated by a space."""
    found: dict[str, str] = {}
    for key in (*KEYS, *_of_devices(roots, gaps)):
        try:
            text = (roots.proc / "sys" / key).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            module = next((name for start, name in MODULES.items() if key.startswith(start)), None)
            why = f"there is none: {module} is not loaded" if module else "the kernel has none"
            gaps.add(f"sysctls[{key}]", why)
        except OSError as error:
            gaps.add(f"sysctls[{key}]", error.strerror or str(error))
        else:
            found[key] = " ".join(text.split())
    return dict(sorted(found.items()))


def _of_devices(roots: Roots, gaps: Gaps) -> Iterator[str]:
    for folder, keys in OF_DEVICES.items():
        try:
            devices = sorted(entry.name for entry in (roots.proc / "sys" / folder).iterdir())
        except FileNotFoundError:
            gaps.add(f"sysctls[{folder}]", "the kernel has none: IPv6 is switched off")
            continue
        except OSError as error:
            gaps.add(f"sysctls[{folder}]", error.strerror or str(error))
            continue
        for device in devices:
            yield from (f"{folder}/{device}/{key}" for key in keys)
