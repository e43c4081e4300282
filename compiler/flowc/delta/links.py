"""Devices, and the kernel modules that have to be there.

The kernel changes the ends, keys and TTL of a GRE tunnel in place (net/ipv4/ip_gre.c, `ipgre_changelink`;
net/ipv6/ip6_gre.c, `ip6gre_changelink`). It has no operation for the table of a VRF (drivers/net/vrf.c has no
`changelink`), for the parent and the id of a VLAN (net/8021q/vlan_netlink.c, `vlan_changelink` takes flags and QoS maps
alone), or for the other end of a veth pair.
"""

from __future__ import annotations

from flowc.delta.kinds import Kind, Value
from flowc.hoststate import GreTunnel, Link, LinkKind

ATTRIBUTES = (
    "type", "master", "mtu", "mac", "table", "parent", "vlan", "peer",
    "local", "remote", "ikey", "okey", "ttl", "underlay", "external", "up",
)  # fmt: skip
_NO_TUNNEL = GreTunnel(local=None, remote=None)
_WORDS = {"mac": "address", "vlan": "id", "parent": "link", "underlay": "dev"}


def _values(link: Link) -> tuple[Value, ...]:
    tunnel = link.tunnel or _NO_TUNNEL
    parent, vlan = link.vlan or (None, None)
    return (
        link.kind.value, link.master, link.mtu, link.mac, link.table, parent, vlan, link.peer,
        tunnel.local, tunnel.remote, tunnel.ikey, tunnel.okey, tunnel.ttl, tunnel.underlay, tunnel.external,
        link.up,
    )  # fmt: skip


def _words(link: Link) -> str:
    parts = [link.device]
    values = dict(zip(ATTRIBUTES, _values(link), strict=True))
    if link.kind is LinkKind.EXISTING:
        del values["type"]
    if values["ikey"] == values["okey"]:
        values["key"] = values.pop("ikey")
        del values["okey"]
    external, up = values.pop("external"), values.pop("up")
    parts += [f"{_WORDS.get(name, name)} {value}" for name, value in values.items() if value is not None]
    return " ".join([*parts, *(["external"] if external else []), *([] if up else ["down"])])


LINK: Kind[Link] = Kind(
    name="link",
    identity=("device",),
    key=lambda link: (link.device,),
    attributes=ATTRIBUTES,
    values=_values,
    title=lambda link: link.device,
    words=_words,
    span=lambda link: link.span,
    fixed=frozenset({"type", "table", "parent", "vlan", "peer", "external"}),
)

MODULE: Kind[str] = Kind(
    name="module",
    identity=("name",),
    key=lambda name: (name,),
    attributes=(),
    values=lambda _: (),
    title=str,
    words=str,
    span=lambda _: None,
)
