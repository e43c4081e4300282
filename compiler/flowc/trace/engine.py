"""The way of a packet through one host, in the order in which the kernel and the ruleset decide about it.

docs/architecture.md has that order. Only what the file means is looked at (flowc.ir), never what it is lowered to: the
two are compared with each other and with a kernel.
"""

from __future__ import annotations

from typing import NamedTuple

from flowc.ir.addresses import Family, Range, format_address
from flowc.ir.fronts import Fronts
from flowc.ir.links import Interface, Vrf
from flowc.ir.network import Host
from flowc.ir.packet import EVERY_ADDRESS, EVERY_PORT, EVERY_PROTOCOL, Packet, Packets
from flowc.ir.policy import SELF, Action, Policy, Rule
from flowc.ir.rows import EipRow, ForwardRow, PrefixEipRow
from flowc.source import Span
from flowc.trace.coming import Coming, is_link_local_source, is_opening, is_untracked
from flowc.trace.inward import Inward, Target
from flowc.trace.judging import Judges
from flowc.trace.leaving import Leaves, Leaving, Out
from flowc.trace.model import Entry, Stage, Trace, Translated, Verdict
from flowc.trace.onward import leave, offloaded
from flowc.trace.replies import Replies
from flowc.trace.walk import Walk
from flowc.trace.ways import Kind, Ways
from flowc.trace.zoning import Zoning

GRE = 47
"""IP protocol number (IANA)."""
VERDICTS = {Action.ACCEPT: Verdict.ACCEPT, Action.DROP: Verdict.DROP, Action.REJECT: Verdict.REJECT}


class Ended(Exception):  # noqa: N818 - not an error: the packet's way ends here
    """Nothing comes after this."""

    def __init__(
        self, verdict: Verdict, reason: str, span: Span | None, policy: Policy | None = None, rule: Rule | None = None
    ) -> None:
        super().__init__(reason)
        self.verdict, self.reason, self.span, self.policy, self.rule = verdict, reason, span, policy, rule


class Judged(NamedTuple):
    """What admitted a packet: neither for what no policy is asked about."""

    policy: Policy | None
    rule: Rule | None
    reason: str
    span: Span | None


class Tracer:
    """Answers for many packets of one host; `trace` is how to ask."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._fronts = host.derived(Fronts)
        self.local, self.front = Inward(host, front=False), Inward(host, front=True)
        self.ways = host.derived(Ways)
        self.zoning = host.derived(Zoning)
        self.judges, self.leaving = Judges(host), Leaving(host)
        self.coming = Coming(host, self.ways)
        self.replies = Replies(host, self.ways, self.coming)

    def trace(self, entry: Entry, packet: Packet, among: Packets | None = None, choice: int = 0) -> tuple[Trace, int]:
        """The way of a packet, and how many ways there are that the kernel may choose from; `choice` is one of them.

        `among` are the packets that are asked about: the trace tells which of them go the same way.
        """
        walk = Walk(packet, among or everything(packet.family))
        way = _Way(self, walk, entry, choice)
        try:
            found = way.go()
        except Ended as end:
            walk.step(Stage.VERDICT, f"{end.verdict}: {end.reason}", end.span)
            found = way.ended(end)
        return found, way.ways

    # what a way asks for

    def scope(self, vrf: str | None) -> str | None:
        """The VRF whose conntrack zone a connection from there is in; None is zone 0."""
        return None if vrf in self._fronts.vrfs else vrf

    def front_target(self, walk: Walk, interface: Interface | None) -> Target | None:
        """What a connection is translated to that comes in where the public addresses of several VRFs are called."""
        if interface is None or not self._fronts.zones or not self.replies.is_crossing(interface):
            return None
        return self.front.target(walk, None)

    def is_front(self, interface: Interface) -> bool:
        return any(interface.name in self.host.zones[zone].interfaces for zone in self._fronts.zones)


class _Way:
    """One packet's way."""

    def __init__(self, tracer: Tracer, walk: Walk, entry: Entry, choice: int) -> None:
        self._tracer, self._walk, self._choice = tracer, walk, choice
        self._host = tracer.host
        self._coming = self._host.interfaces[entry.interface] if entry.interface is not None else None
        zone = tracer.zoning.at(walk, self._coming.name, "source") if self._coming else SELF
        self._entry = Entry(entry.interface, zone, entry.endpoint)
        self._scope: str | None = None
        self._crossed: Target | None = None
        """What is called at a front, so that the way there is looked up in the target's VRF."""
        self._outside: str | None = None
        """The zone that it comes back from, if it calls a public address of this host from inside."""
        self.ways = 1

    def go(self) -> Trace:
        walk, interface = self._walk, self._coming
        vrf = self._came(interface)
        if interface is not None:
            tracked = not is_untracked(walk)
            if tracked and is_opening(walk):
                self._call_from_inside()
                self._translate()
            self._unallocated()
        return self._route(vrf, interface)

    # ---- coming in

    def _came(self, interface: Interface | None) -> str | None:
        """The VRF that it comes in by."""
        walk, tracer, host = self._walk, self._tracer, self._host
        if interface is None:
            vrf = self._own_vrf()
            walk.step(Stage.INGRESS, "the host itself sends it" + (f" in VRF `{vrf}`" if vrf else ""))
            self._scope = tracer.scope(vrf)
            return vrf
        zone = f", zone `{self._entry.zone}`" if self._entry.zone else ", which is in no zone"
        sender = f" from endpoint `{self._entry.endpoint}`" if self._entry.endpoint else ""
        walk.step(Stage.INGRESS, f"comes in by `{interface.name}`{sender}{zone}", interface.span)
        refused = tracer.coming.refused(walk, self._entry, interface) or tracer.coming.martian(walk)
        if refused is not None:
            walk.step(Stage.SOURCE_CHECK, refused.reason, refused.span)
            raise Ended(Verdict.DROP, refused.reason, refused.span)
        walk.step(Stage.SOURCE_CHECK, f"such a source may come in by `{interface.name}`", interface.span)
        self._scope = tracer.scope(interface.vrf)
        self._crossed = tracer.front_target(walk, interface)
        if self._crossed is not None and tracer.is_front(interface):
            row = self._crossed.row
            if isinstance(row, EipRow | PrefixEipRow):
                self._scope = tracer.scope(row.vrf)
        if host.vrfs:
            of = self._vrf(self._scope)
            text = f"{of.number}, of VRF `{of.name}`" if of else "0, of no VRF"
            walk.step(Stage.CONNTRACK, text, of.span if of else None)
        return interface.vrf

    def _own_vrf(self) -> str | None:
        """Whose address the host sends from."""
        packet = self._walk.packet
        for one in self._host.interfaces.values():
            for own in one.addresses:
                if own.version == packet.family and int(own.ip) == self._walk.exactly("source"):
                    return one.vrf
        return None

    def _vrf(self, name: str | None) -> Vrf | None:
        return self._host.vrfs[name] if name else None

    # ---- public addresses

    def _call_from_inside(self) -> None:
        """Who calls a public address from inside is judged as if the packet had gone out, and come back."""
        walk, tracer = self._walk, self._tracer
        for index, scope in ((tracer.local, self._scope), (tracer.front, None)):
            found = index.called(walk, scope) or index.called_port(walk, scope)
            if found is None or found.zone == self._entry.zone:
                continue
            self._outside = found.zone
            walk.step(Stage.HAIRPIN, f"a public address of zone `{found.zone}`, called from inside", found.span)
            self._judge(self._entry.zone, found.zone)
            return

    def _translate(self) -> None:
        walk, tracer = self._walk, self._tracer
        found = tracer.local.target(walk, self._scope) or self._crossed
        if found is None:
            return
        family = walk.packet.family
        public = _socket(family, walk.packet.destination, walk.packet.detail if found.port is not None else None)
        target = _socket(family, found.address, found.port)
        walk.translate(found.address, found.port)
        vrf = f" in VRF `{found.row.vrf}`" if found.row.vrf else ""
        walk.step(Stage.DNAT, f"{_named(found.row)}: {public} is {target}{vrf}", found.row.span)

    def _unallocated(self) -> None:
        """What a pool holds, and nothing translates."""
        walk, tracer = self._walk, self._tracer
        for index, scope in ((tracer.local, self._scope), (tracer.front, None)):
            if index is tracer.front and not tracer.replies.is_crossing(self._coming):
                continue
            found = index.called(walk, scope)
            if found is not None and found.pooled:
                reason = "an address of a pool that nothing uses"
                raise Ended(Verdict.DROP, reason, found.span)

    # ---- the way

    def _route(self, vrf: str | None, interface: Interface | None) -> Trace:
        walk, tracer = self._walk, self._tracer
        if self._crossed is not None and walk.translated:
            vrf = self._crossed.row.vrf
        way = tracer.ways.to(walk, vrf, self._choice)
        self.ways = way.ways
        if way.kind is Kind.UNREACHABLE:
            walk.step(Stage.ROUTE, way.text, way.span)
            raise Ended(Verdict.UNREACHABLE, way.text, way.span)
        if way.kind is Kind.BLACKHOLE:
            walk.step(Stage.ROUTE, way.text, way.span)
            raise Ended(Verdict.DROP, way.text, way.span)
        if interface is not None:
            marked = tracer.is_front(interface) or interface.carrier
            refused = tracer.coming.no_way_back(walk, interface, vrf if marked else interface.vrf)
            if refused is not None:
                raise Ended(Verdict.DROP, refused.reason, refused.span)
        if way.kind is Kind.TO_HOST:
            walk.step(Stage.ROUTE, f"to the host: {way.text}", way.span)
            return self._delivered()
        assert way.interface is not None
        out = self._host.interfaces[way.interface]
        by = f" by {format_address(walk.packet.family, way.gateway)}" if way.gateway is not None else ""
        choice = f", one of {way.ways} ways" if way.ways > 1 else ""
        walk.step(Stage.ROUTE, f"{way.text}{by}, leaves by `{out.name}`{choice}", way.span)
        if interface is not None and is_link_local_source(walk):
            raise Ended(Verdict.UNREACHABLE, "a link-local source is not forwarded", None)
        judged = self._forwarded(out)
        return self._leave(out, way.gateway, judged)

    def _delivered(self) -> Trace:
        zone = self._entry.zone
        if self._coming is None or zone is None:
            reason = "the host is not closed to itself" if self._coming is None else "its input is not looked at"
            judged = Judged(None, None, reason, None)
        else:
            judged = self._implied() or self._judge(zone, SELF)
        self._walk.step(Stage.VERDICT, f"accept: {judged.reason}", judged.span)
        answered = self._coming is None or self._tracer.replies.from_host(self._walk, self._coming)
        return self._made(SELF, None, judged, None, (False, "the host itself is addressed"), answered=answered)

    def _implied(self) -> Judged | None:
        """What declared tunnels need."""
        walk = self._walk
        if not walk.equals("protocol", GRE):
            return None
        for one in self._host.interfaces.values():
            ends = self._host.outer_ends(one)
            if ends is None or ends[:2] != (walk.packet.family, walk.packet.destination):
                continue
            if walk.equals("source", ends[2]):
                return Judged(None, None, f"GRE of tunnel `{one.name}`", one.span)
        return None

    def _forwarded(self, out: Interface) -> Judged:
        walk = self._walk
        target = self._tracer.zoning.at(walk, out.name, "destination")
        if self._coming is None:
            return self._sent(target)
        if not is_untracked(walk) and not is_opening(walk):
            raise Ended(Verdict.DROP, "it belongs to no connection, and none can start with it", None)
        source = self._outside or self._entry.zone
        return self._judge(source, target)

    def _sent(self, target: str | None) -> Judged:
        """The host may send where no policy says what."""
        if target is None or self._tracer.judges.policy(SELF, target) is None:
            return Judged(None, None, "the host may send", None)
        return self._judge(SELF, target)

    def _judge(self, source: str | None, target: str | None) -> Judged:
        """By the policy of two zones. Raises Ended unless it admits the packet."""
        walk = self._walk
        pair = f"{source or 'no zone'} -> {target or 'no zone'}"
        judges = self._tracer.judges
        policy = judges.policy(source, target) if source and target else None
        if policy is None:
            reason = f"there is no policy {pair}"
            walk.step(Stage.POLICY, reason)
            raise Ended(Verdict.DROP, reason, None)
        rule, passed = judges.decide(walk, policy)
        if rule is None:
            reason = f"no rule of policy {pair} admits it"
            walk.step(Stage.POLICY, reason, policy.span, passed)
            raise Ended(Verdict.DROP, reason, policy.span, policy)
        limited = " (within its limits)" if rule.limit or rule.connections else ""
        walk.step(Stage.POLICY, f"{pair}: {rule.span.text}{limited}", rule.span, passed)
        if rule.action is not Action.ACCEPT:
            raise Ended(VERDICTS[rule.action], f"a rule of policy {pair}", rule.span, policy, rule)
        return Judged(policy, rule, f"a rule of policy {pair}", rule.span)

    # ---- leaving

    def _leave(self, out: Interface, gateway: int | None, judged: Judged) -> Trace:
        walk, tracer, host = self._walk, self._tracer, self._host
        leaves = self._source(out, gateway)
        if leaves is not None:
            walk.step(Stage.SNAT, leaves.text, leaves.span)
        key = leave(walk, host, tracer.ways, out, gateway)
        walk.step(Stage.VERDICT, f"accept: {judged.reason}", judged.span)
        answered, fast = True, (False, "the host itself sends it")
        if self._coming is not None:
            answered = tracer.replies.forwarded(walk, self._coming, out, leaves, self._crossed)
            fast = offloaded(walk, host, judged.rule, self._coming, out)
            if fast[0] and not answered:
                fast = False, "no reply comes back, so that the connection is never established"
            walk.step(Stage.OFFLOAD, f"{'yes' if fast[0] else 'no'}: {fast[1]}", judged.span)
        return self._made(out.name, leaves, judged, key, fast, answered=answered)

    def _source(self, out: Interface, gateway: int | None) -> Leaves | None:
        walk = self._walk
        if is_untracked(walk):
            return None
        zone = self._outside or self._tracer.zoning.at(walk, out.name, "destination")
        if zone is None:
            return None
        coming = self._entry.zone if self._coming is not None else None
        hairpin = self._outside is not None
        return self._tracer.leaving.source(walk, zone, self._scope, coming, Out(out, gateway), hairpin=hairpin)

    # ---- what is said of it

    def _made(
        self,
        egress: str,
        leaves: Leaves | None,
        judged: Judged,
        key: int | None,
        fast: tuple[bool, str],
        *,
        answered: bool,
    ) -> Trace:
        walk = self._walk
        return Trace(
            packet=walk.came,
            entry=self._entry,
            steps=tuple(walk.steps),
            verdict=Verdict.ACCEPT,
            reason=judged.reason,
            span=judged.span,
            egress=egress,
            destination=self._destination(),
            source=leaves.source if leaves is not None else self._kept(),
            policy=judged.policy,
            rule=judged.rule,
            key=key,
            offload=fast[0],
            offload_reason=fast[1],
            answered=answered,
            packets=walk.packets,
        )

    def ended(self, end: Ended) -> Trace:
        walk = self._walk
        return Trace(
            packet=walk.came,
            entry=self._entry,
            steps=tuple(walk.steps),
            verdict=end.verdict,
            reason=end.reason,
            span=end.span,
            egress=None,
            destination=self._destination(),
            source=self._kept(),
            policy=end.policy,
            rule=end.rule,
            key=None,
            offload=False,
            offload_reason="it goes nowhere",
            answered=False,
            packets=walk.packets,
        )

    def _destination(self) -> Translated:
        packet = self._walk.packet
        port = Range(packet.detail, packet.detail) if packet.has_ports else None
        return Translated(Range(packet.destination, packet.destination), port)

    def _kept(self) -> Translated:
        packet = self._walk.packet
        port = Range(packet.source_port, packet.source_port) if packet.has_ports else None
        return Translated(Range(packet.source, packet.source), port)


def everything(family: Family) -> Packets:
    """All packets of a family."""
    every = EVERY_ADDRESS[family]
    return Packets(family, EVERY_PROTOCOL, EVERY_PORT, EVERY_PORT, every, every)


def trace(host: Host, entry: Entry, packet: Packet) -> Trace:
    """What happens to a packet that comes in there, and to those of its connection that come after it."""
    return host.derived(Tracer).trace(entry, packet)[0]


def _socket(family: Family, address: int, port: int | None) -> str:
    text = format_address(family, address)
    if port is None:
        return text
    return f"[{text}]:{port}" if family == 6 else f"{text}:{port}"


def _named(row: EipRow | PrefixEipRow | ForwardRow) -> str:
    return "port forward" if isinstance(row, ForwardRow) else "EIP"
