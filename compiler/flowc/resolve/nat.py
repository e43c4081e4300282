"""Translation: `nat` blocks and EIPs."""

from __future__ import annotations

from flowc.diagnostics import Diagnostics
from flowc.ir.addresses import Family, Prefix, Range, format_address, mask
from flowc.ir.nat import Masquerade, Nat, Snat
from flowc.ir.policy import ANY, SELF
from flowc.ir.rows import EipRow, ForwardRow
from flowc.resolve import codes, operands, values
from flowc.resolve.context import Context, endpoint_address, not_in_a_pool
from flowc.resolve.policies import duplicate_pairs
from flowc.syntax import tree

MOST_ADDRESSES = 65536
"""Of one SNAT range: each address on a link is one that the host answers ARP for."""


def nat(node: tree.Nat, context: Context) -> None:
    """A block of translations between two zones; its port forwards become rows."""
    if not _may_be_zones(node, context):
        return
    source = context.scope.find(node.source, tree.Zone)
    target = context.scope.find(node.target, tree.Zone)
    snats: list[Snat] = []
    masquerades: list[Masquerade] = []
    for rule in node.rules:
        if isinstance(rule, tree.Snat):
            snat = _snat(rule, context)
            snats += [snat] if snat else []
        elif isinstance(rule, tree.Masquerade):
            masquerade = _masquerade(rule, context)
            masquerades += [masquerade] if masquerade else []
        else:
            _forward(rule, node, context)
    if source is None or target is None:
        return
    context.nats.append(
        Nat(
            source=node.source.text,
            target=node.target.text,
            snats=tuple(snats),
            masquerades=tuple(masquerades),
            span=node.source.span.to(node.target.span),
        )
    )


def forward(node: tree.Forward, context: Context) -> None:
    """A port forward from a table. It stands in no block, so its pair of zones may have one besides."""
    if not _may_be_zones(node, context):
        return
    source = context.scope.find(node.source, tree.Zone)
    target = context.scope.find(node.target, tree.Zone)
    if source is not None and target is not None:
        _forward(node.rule, node, context)


def _may_be_zones(node: tree.Nat | tree.Forward, context: Context) -> bool:
    for name in (node.source, node.target):
        if name.text in (SELF, ANY):
            context.diagnostics.report(
                codes.BAD_PAIR, f"nat is between two zones, `{name.text}` is none", name.span, help="name the zone"
            )
            return False
    return True


def duplicate_nats(context: Context) -> None:
    """One block for each pair of zones."""
    duplicate_pairs("nat blocks", context.nats, context.diagnostics)


def _snat(node: tree.Snat, context: Context) -> Snat | None:
    source = operands.address_set(node.source, context)
    ports = None if node.ports is None else values.ports(node.ports, context.diagnostics)
    to = _leave_as(node.to, context)
    if source is None or to is None or (node.ports is not None and ports is None):
        return None
    family, addresses = to
    size = addresses.high - addresses.low + 1
    if size > MOST_ADDRESSES:
        context.diagnostics.report(
            codes.BAD_NUMBER,
            f"a range of {size} addresses to leave as",
            node.to.span,
            f"at most {MOST_ADDRESSES} are possible",
        )
        return None
    if family not in source.families:
        context.diagnostics.report(
            codes.WRONG_FAMILY,
            f"the source has no IPv{family} address, `{node.to.span.text}` is IPv{family}",
            node.span,
        )
        return None
    return Snat(source=source, source_span=node.source.span, family=family, to=addresses, ports=ports, span=node.span)


def _leave_as(node: tree.Address | tree.AddressRange, context: Context) -> tuple[Family, Range] | None:
    """One address or several."""
    if isinstance(node, tree.AddressRange):
        found = operands.address_range(node, context)
        return found if found and values.hosts_only(*found, node, context.diagnostics) else None
    if "/" in node.text:
        whole = values.prefix(node, context.diagnostics)
        if whole:
            low, high = (format_address(whole.family, end) for end in whole.range)
            context.diagnostics.report(
                codes.BAD_ADDRESS,
                f"expected an address or a range of them to leave as, found the prefix `{node.text}`",
                node.span,
                help=f"write the range: `{low}-{high}`",
            )
        return None
    one = values.host_address(node, context.diagnostics, "the address to leave as")
    return None if one is None else (one[0], Range(one[1], one[1]))


def _masquerade(node: tree.Masquerade, context: Context) -> Masquerade | None:
    source = None if node.source is None else operands.address_set(node.source, context)
    ports = None if node.ports is None else values.ports(node.ports, context.diagnostics)
    if (node.source is not None and source is None) or (node.ports is not None and ports is None):
        return None
    source_span = node.source.span if node.source else None
    return Masquerade(source=source, source_span=source_span, ports=ports, span=node.span)


def _forward(node: tree.Dnat, pair: tree.Nat | tree.Forward, context: Context) -> None:
    diagnostics = context.diagnostics
    if isinstance(node.public.address, tree.Name):
        diagnostics.report(
            codes.BAD_ADDRESS, "a port forward is addressed by an address, not by a name", node.public.span
        )
        return
    public = values.host_address(node.public.address, diagnostics, "the public address")
    if public is None:
        return
    family = public[0]
    target = _target(node.target.address, family, None, context)
    if target is None:
        return
    address, vrf = target
    low, high, target_low = 0, 0, 0
    if node.protocols:
        found = _forward_ports(node, diagnostics)
        if found is None:
            return
        low, high, target_low = found
    protocols: list[str | None] = [protocol.text for protocol in node.protocols]
    for protocol in protocols or [None]:
        context.forwards.append(
            ForwardRow(
                family,
                protocol,  # type: ignore[arg-type]  # the grammar knows only these protocols
                public[1],
                low,
                high,
                address,
                target_low,
                vrf,
                pair.source.text,
                pair.target.text,
                node.span,
            )
        )


def _forward_ports(node: tree.Dnat, diagnostics: Diagnostics) -> tuple[int, int, int] | None:
    """First and last public port and first target port."""
    if node.public.ports is None:
        diagnostics.report(
            codes.MISSING_OPTION,
            "a port forward needs a public port",
            node.public.span,
            help=f"write `{node.public.span.text}:PORT`, or for the whole address: `dnat ADDRESS -> TARGET`",
        )
        return None
    public = values.ports(node.public.ports, diagnostics)
    target = public if node.target.ports is None else values.ports(node.target.ports, diagnostics)
    if public is None or target is None:
        return None
    if public[1] - public[0] != target[1] - target[0]:
        diagnostics.report(
            codes.RANGE_SIZES_DIFFER,
            f"{public[1] - public[0] + 1} public ports are mapped to {target[1] - target[0] + 1}",
            node.target.span,
            related=[(node.public.span, "the public ports")],
            help=f"the target's range would end at {target[0] + public[1] - public[0]}",
        )
        return None
    return public[0], public[1], target[0]


def _target(
    node: tree.Address | tree.Name, family: Family, vrf_node: tree.Name | None, context: Context
) -> tuple[int, str | None] | None:
    """The inside address and its VRF."""
    diagnostics = context.diagnostics
    if isinstance(node, tree.Name):
        endpoint = context.endpoint(node)
        if endpoint is None:
            return None
        address = endpoint_address(endpoint, family)
        if address is None:
            diagnostics.report(
                codes.WRONG_FAMILY,
                f"endpoint `{node.text}` has no IPv{family} address",
                node.span,
                related=[(endpoint.span, "declared here")],
                help=f"give it an IPv{family} address as well: `address A, B`",
            )
            return None
        return address, context.interfaces[endpoint.interface].vrf
    found = values.host_address(node, diagnostics, "the target's address")
    if found is None:
        return None
    if found[0] != family:
        diagnostics.report(
            codes.WRONG_FAMILY,
            f"the public address is IPv{family}, `{node.text}` is IPv{found[0]}",
            node.span,
        )
        return None
    if vrf_node is not None:
        return found[1], context.vrf_name(vrf_node)
    homes = context.homes(*found) or context.routed(*found)
    if len(homes) == 1:
        return found[1], homes.pop()
    diagnostics.report(
        codes.TARGET_UNPLACED,
        f"`{node.text}` is {'in several VRFs' if homes else 'on no declared interface, and no route leads to it'}",
        node.span,
        help="declare it as an endpoint, and use its name",
    )
    return None


def eip(node: tree.Eip, context: Context) -> None:
    """An EIP: its outside is its pool's zone, its VRF the target's."""
    diagnostics = context.diagnostics
    public = values.host_address(node.public, diagnostics, "the EIP's address")
    if public is None:
        return
    family, address = public
    target = _target(node.target, family, node.vrf, context)
    pool = context.pool_of(family, address)
    if pool is None:
        length = 24 if family == 4 else 64
        not_in_a_pool(
            f"EIP `{node.public.text}` is in no pool",
            Prefix(family, mask(family, address, length), length),
            node,
            context,
        )
        return
    if target is not None:
        place = (family, address, target[0], target[1], pool.zone)
        context.eips.append(
            EipRow(*place, node.target.text, values.taker(node.datapath), node.stateless is not None, node.span)
        )
