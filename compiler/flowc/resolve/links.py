"""VRFs, interfaces and tunnels."""

from __future__ import annotations

from ipaddress import IPv4Interface, IPv6Interface

from flowc.diagnostics import fixes
from flowc.ir.addresses import Family, format_address
from flowc.ir.links import Bridge, Device, Interface, LinkSpec, Spoofing, Tunnel, TunnelKind, Veth, Vlan, Vrf
from flowc.resolve import codes, values
from flowc.resolve.context import Context
from flowc.resolve.properties import Properties
from flowc.resolve.scope import article
from flowc.syntax import tree

KERNEL_TABLES = {0: "unspec", 253: "default", 254: "main", 255: "local"}
"""/etc/iproute2/rt_tables: what the kernel uses for itself."""


def vrf(node: tree.Vrf, context: Context) -> None:
    """A VRF, if its table is its own."""
    diagnostics = context.diagnostics
    options = context.options(node)
    value = options.require("table", "table 1000")
    table = None if value is None else values.number(value, 0, 2**32 - 1, "routing table", diagnostics)
    device_node = _name(options.value("device"))
    device = values.device(device_node or node.name, diagnostics, declared=device_node is None)
    if table in KERNEL_TABLES:
        diagnostics.report(
            codes.BAD_TABLE,
            f"table {table} is the kernel's `{KERNEL_TABLES[table]}` table",
            options.span("table"),
            help="choose a table of the VRF's own, for example `table 1000`",
        )
        return
    if table is None or device is None:
        return
    other = context.tables.get(table)
    if other is not None:
        diagnostics.report(
            codes.SHARED_TABLE,
            f"vrf `{node.name.text}` uses table {table} of vrf `{other.name}`",
            options.span("table"),
            related=[(other.span, "the other VRF")],
            help="give each VRF a table of its own: sharing one joins their routes",
        )
        return
    if _device_taken(device, device_node or node.name, context):
        return
    found = Vrf(name=node.name.text, device=device, table=table, span=node.span)
    context.vrfs[found.name] = context.tables[table] = context.devices[device] = found


def interface(node: tree.Interface, context: Context) -> None:
    """An interface of any kind but a tunnel."""
    diagnostics = context.diagnostics
    options = context.options(node)
    options.exclusive("vlan", "bridge", "veth")
    link: LinkSpec = Device()
    if "vlan" in options:
        tag, parent = options.values("vlan")
        number = values.number(tag, 1, 4094, "VLAN id", diagnostics)
        assert isinstance(parent, tree.Name)
        context.scope.find(parent, tree.Interface, tree.Tunnel)
        link = Vlan(parent=parent.text, id=number or 1)
    elif "bridge" in options:
        ports = [port for port in options.values("bridge") if isinstance(port, tree.Name)]
        for port in ports:
            context.scope.find(port, tree.Interface, tree.Tunnel)
        link = Bridge(ports=tuple(port.text for port in ports))
    elif "veth" in options:
        peer = _name(options.value("veth"))
        assert peer is not None
        link = Veth(peer=values.device(peer, diagnostics) or peer.text)
    _add(node.name, options, link, node, context)


def tunnel(node: tree.Tunnel, context: Context) -> None:
    """A GRE tunnel, a shared tunnel device, or a key over one."""
    diagnostics = context.diagnostics
    options = context.options(node)
    options.exclusive("key", "ikey")
    options.exclusive("key", "okey")
    options.exclusive("shared", "key")
    options.exclusive("shared", "remote")
    options.exclusive("shared", "over")
    kind_name = _name(options.value("type"))
    if kind_name is None and "over" not in options:
        options.require("type", "type gretap")
    kind = TunnelKind(kind_name.text) if kind_name else _carrier_kind(node, context)
    keys = {}
    for key in ("key", "ikey", "okey"):
        value = options.value(key)
        if value is not None:
            keys[key] = values.number(value, 0, 2**32 - 1, "GRE key", diagnostics)
    ttl = options.value("ttl")
    underlay = _name(options.value("on"))
    if underlay:
        context.scope.find(underlay, tree.Interface, tree.Tunnel)
    over = _carrier(options, context)
    link = Tunnel(
        kind=kind,
        local=_outer("local", kind, options, context, required="over" not in options),
        remote=_outer("remote", kind, options, context, required="shared" not in options),
        ikey=keys.get("ikey", keys.get("key")),
        okey=keys.get("okey", keys.get("key")),
        ttl=None if ttl is None else values.number(ttl, 1, 255, "TTL", diagnostics),
        underlay=underlay.text if underlay else None,
        shared="shared" in options,
        over=over.text if over else None,
    )
    _add(node.name, options, link, node, context)


def _carrier(options: Properties, context: Context) -> tree.Name | None:
    """The shared tunnel that a key goes over: its type and local address are the shared tunnel's."""
    over = _name(options.value("over"))
    if over is None:
        return None
    for key in ("device", "type", "local", "on", "mtu", "mac"):
        options.exclusive("over", key)
    if "ikey" not in options or "okey" not in options:
        options.require("key", "key 1000")
    carrier = context.scope.find(over, tree.Tunnel)
    if carrier is None:
        return None
    if not any(option.key.text == "shared" for option in carrier.properties):
        context.diagnostics.report(
            codes.WRONG_KIND,
            f"tunnel `{over.text}` is not shared, it has one key of its own",
            over.span,
            related=[(carrier.name.span, "declared here")],
            help=f"add `shared` to tunnel `{over.text}`, and give it no key and no remote",
        )
    return over


def _outer(key: str, kind: TunnelKind, options: Properties, context: Context, *, required: bool) -> int | None:
    """A tunnel's local or remote address, in the family that its type needs."""
    family: Family = kind.outer_family
    example = f"{key} {'192.0.2.' if family == 4 else '2001:db8::'}{1 if key == 'local' else 2}"
    value = options.require(key, example) if required else options.value(key)
    if value is None:
        return None
    found = values.host_address(value, context.diagnostics, f"the tunnel's {key} address")
    if found is None:
        return None
    if found[0] != family:
        other = TunnelKind(kind.value.removeprefix("ip6") if family == 6 else f"ip6{kind.value}")
        context.diagnostics.report(
            codes.WRONG_FAMILY,
            f"{article(f'`{kind}`')} tunnel has IPv{family} ends, `{format_address(*found)}` is IPv{found[0]}",
            value.span,
            help=f"for IPv{found[0]} ends write `type {other}`",
        )
        return None
    return found[1]


def _add(
    name: tree.Name,
    options: Properties,
    link: LinkSpec,
    node: tree.Interface | tree.Tunnel,
    context: Context,
) -> None:
    """What interfaces and tunnels have in common."""
    diagnostics = context.diagnostics
    device_node = _name(options.value("device"))
    device = values.device(device_node or name, diagnostics, declared=device_node is None)
    addresses: dict[IPv4Interface | IPv6Interface, None] = {}
    for value in options.values("address"):
        found = values.interface_address(value, diagnostics)
        if found in addresses:
            diagnostics.report(
                codes.REPEATED_OPTION,
                f"`{found}` is given twice",
                value.span,
                fix=fixes.remove_item("remove the second one", value.span),
            )
        if found is not None:
            addresses[found] = None
    mtu_node, mac_node = options.value("mtu"), options.value("mac")
    least = 1280 if any(address.version == 6 for address in addresses) else 68
    mtu = None if mtu_node is None else values.number(mtu_node, least, 65535, "MTU", diagnostics)
    mac = None if mac_node is None else values.mac(mac_node, diagnostics)
    spoofing = _name(options.value("spoofing"))
    vrf_name = _name(options.value("vrf"))
    in_vrf = context.vrf_name(vrf_name)
    if device is None or _device_taken(device, device_node or name, context):
        return
    context.interfaces[name.text] = context.devices[device] = Interface(
        name=name.text,
        device=device,
        link=link,
        addresses=tuple(addresses),
        vrf=in_vrf,
        mtu=mtu,
        mac=mac,
        dhcp="dhcp" in options,
        spoofing=Spoofing(spoofing.text) if spoofing else Spoofing.CHECKED,
        span=node.span,
        options=options.spans,
    )


def _device_taken(device: str, name: tree.Name, context: Context) -> bool:
    other = context.devices.get(device)
    if other is None:
        return False
    context.diagnostics.report(
        codes.DEVICE_TWICE,
        f"device `{device}` is declared twice",
        name.span,
        related=[(other.span, f"`{other.name}` is this device already")],
    )
    return True


def _carrier_kind(node: tree.Tunnel, context: Context) -> TunnelKind:
    """The type of the shared tunnel that this one goes over."""
    for option in node.properties:
        value = option.values[0] if option.values else None
        if option.key.text == "over" and isinstance(value, tree.Name):
            carrier = context.scope.get(value.text)
            if isinstance(carrier, tree.Tunnel) and carrier is not node:
                return _declared_kind(carrier)
    return TunnelKind.GRETAP


def _declared_kind(node: tree.Tunnel) -> TunnelKind:
    for option in node.properties:
        value = option.values[0] if option.values else None
        if option.key.text == "type" and isinstance(value, tree.Name):
            return TunnelKind(value.text)
    return TunnelKind.GRETAP


def duplicate_tunnels(context: Context) -> None:
    """The kernel takes one tunnel for each local, remote and key."""
    seen: dict[tuple[object, ...], Interface] = {}
    for one in context.interfaces.values():
        link = one.link
        if not isinstance(link, Tunnel) or link.remote is None:
            continue
        # Over IPv6 the kernel takes no key for key 0, and refuses to change an ip6gretap where there is an ip6gre like
        # it (net/ipv6/ip6_gre.c, ip6gre_tunnel_find and ip6gre_tunnel_locate).
        six = link.kind.outer_family == 6
        ikey = 0 if link.ikey is None and six else link.ikey
        if link.over:
            identity: tuple[object, ...] = (link.over, link.ikey)
        else:
            identity = (6 if six else link.kind, link.local, link.remote, ikey, link.underlay)
        first = seen.setdefault(identity, one)
        if first is not one:
            key = "no key" if link.ikey is None else f"key {link.ikey}"
            context.diagnostics.report(
                codes.DUPLICATE_TUNNEL,
                f"tunnels `{first.name}` and `{one.name}` have the same {'carrier' if link.over else 'ends'} and {key}",
                one.span,
                related=[(first.span, "the other tunnel")],
                help="give each tunnel between two hosts a key of its own",
            )


def _name(value: tree.Value | None) -> tree.Name | None:
    return value if isinstance(value, tree.Name) else None
