"""Examples as files with `datapath tc`: with the MAC addresses that tc needs to know, and `offload` where it is not said.

What is added stands at the end, so that every line of the example keeps its number.
"""

import re
from collections.abc import Mapping
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"

ROUTER = "52:54:00:00:09:fe"
"""The next hop outside, in every example."""
UPLINK = "52:54:00:00:09:01"
"""The gateway's own device there."""


def _with(name: str, edits: Mapping[str, str], more: str) -> str:
    """The example with parts replaced, each of which it has."""
    text = (EXAMPLES / f"{name}.flow").read_text(encoding="utf-8")
    for old, new in {"offload software": "offload software; datapath tc", **edits}.items():
        assert old in text, old
        text = text.replace(old, new)
    return text + more


def two_tenants() -> str:
    """What has an EIP is tc's: all others share an address with another tenant's."""
    text = _with(
        "two-tenants",
        {
            "device eth0;": f"device eth0; mac {UPLINK};",
            "device eth1;": "device eth1; mac 52:54:00:00:01:01;",
            "device eth2;": "device eth2; mac 52:54:00:00:02:01;",
        },
        f"neighbor 172.16.0.254   on uplink {ROUTER}\nneighbor 2001:db8:1::fe on uplink {ROUTER}\n",
    )
    macs = {"red75": "01:75", "red76": "01:07", "red77": "01:07", "blue75": "02:75", "blue77": "02:07"}
    for name, mac in macs.items():
        text = re.sub(rf"(endpoint {name} .*) }}", rf"\1; mac 52:54:00:00:{mac} }}", text)
    return text


def shared_tunnel() -> str:
    """A hundred keys, each with a machine that has an EIP."""
    return _with(
        "shared-tunnel",
        {
            "device eth0;": f"device eth0; mac {UPLINK};",
            "device eth2;": "device eth2; mac 52:54:00:00:08:01;",
            "tunnel overlay { ": "tunnel overlay { mac 52:54:00:00:07:01; ",
            "accept web via eip;": "accept web via eip offload;",
            "policy tenants -> internet { accept }": "policy tenants -> internet { accept offload }",
        },
        f"neighbor 203.0.113.1 on uplink {ROUTER}\n",
    )


def nat_gateway() -> str:
    """All machines are known, so that all translation is tc's."""
    text = _with(
        "nat-gateway",
        {
            "device eth0;": f"device eth0; mac {UPLINK};",
            "device eth1;": "device eth1; spoofing strict; mac 52:54:00:00:01:01;",
            "device eth2;": "device eth2; spoofing strict; mac 52:54:00:00:02:01;",
            "device eth3;": "device eth3; spoofing strict; mac 52:54:00:00:03:01;",
        },
        f"""neighbor 198.51.100.1 on uplink {ROUTER}
endpoint rack70 {{ address 10.2.0.70; interface servers; mac 52:54:00:00:02:02 }}
endpoint rack9  {{ address 10.2.0.9;  interface servers; mac 52:54:00:00:02:02 }}
endpoint pc     {{ address 10.3.0.10; interface clients; mac 52:54:00:00:03:02 }}
""",
    )
    return re.sub(r"(endpoint .* interface (?:dmz|(servers))) }", _on_wire, text)


def _on_wire(machine: re.Match[str]) -> str:
    return f"{machine[1]}; mac 52:54:00:00:0{2 if machine[2] else 1}:02 }}"


def tenant_eip() -> str:
    """A tunnel with a key of its own: all of it stays with nft."""
    return _with("tenant-eip", {}, "")


def tenant_eip_by_key() -> str:
    """The same with a key of a shared tunnel, and a wire that takes less than the tunnel: all of it is tc's."""
    return _with(
        "tenant-eip",
        {
            "device tap75;": "device tap75; mac 52:54:00:00:00:01; mtu 1400; spoofing strict;",
            "    type    gretap\n": "    over    overlay\n    ttl     33\n",
            "    local   172.168.152.75\n": "\n",
            "endpoint peer { address 10.0.1.241; interface gre1000; mac 52:54:00:00:02:41 }": (
                "neighbor 10.0.1.241 on gre1000 52:54:00:00:02:41"
            ),
            "route default via peer": "route default via 10.0.1.241",
        },
        """tunnel overlay { type gretap; local 172.168.152.75; on uplink; mac 52:54:00:00:07:01; shared }
endpoint vm76 { address 10.0.0.76; interface vms; mac 52:54:00:00:00:75 }
""",
    )


VARIANTS = {
    "two-tenants": two_tenants,
    "shared-tunnel": shared_tunnel,
    "nat-gateway": nat_gateway,
    "tenant-eip": tenant_eip,
    "tenant-eip-by-key": tenant_eip_by_key,
}
