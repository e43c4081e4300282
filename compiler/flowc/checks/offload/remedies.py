"""What to do about a reason why tc does not take an address; not for those that nothing in a file changes."""

from __future__ import annotations

from collections.abc import Mapping

from flowc.ir.datapath import Stay

REMEDIES: Mapping[Stay, str] = {
    Stay.DECLARED: "write `datapath tc`",
    Stay.POLICY: "leave `datapath nft` out of the policy",
    Stay.AUTO: "write `datapath tc` in the `host` block, in a policy or at its EIP",
    Stay.TOGETHER: "let all that share the address have one `datapath`",
    Stay.UNNAMED: "name each of these machines, and write `spoofing strict` on their interface; or translate only those that are "
    "named",
    Stay.NEIGHBOR: "give the endpoint its `mac`, or name the machine as a `neighbor ... managed`",
    Stay.NEXT_HOP: "name each next hop as a `neighbor ... managed`, or with its MAC address",
    Stay.ZONES: "give a machine that shares its uplink with other VRFs an EIP of its own",
    Stay.ROUTES: "leave one route to it, with one next hop and without `from`",
    Stay.PINNED: "leave the `mac` out of the endpoint outside, and give it to a `neighbor`",
    Stay.LISTED: "let a default route lead out of the interface outside",
    Stay.PARTS: "give each zone an interface of its own",
    Stay.LAYER3: "use a key of a shared `gretap` or `ip6gretap`",
    Stay.OWN_KEY: "make it a key of a shared tunnel: `over TUNNEL`",
    Stay.OWN_KEY_HARDWARE: "make it a key of a shared tunnel: `over TUNNEL`",
    Stay.UNDERLAY: "leave `vrf` out of the interface below the tunnel",
    Stay.MTU: "give its ways one `mtu`, such as 1500 on a shared tunnel and 1600 on the interface below it",
    Stay.HELPER: "leave `offload` out of the rule with the helper",
    Stay.DYNAMIC: "give the interface outside an address, and write its routes",
}
