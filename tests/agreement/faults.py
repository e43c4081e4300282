"""Mistakes that lowering could make. The comparison of trace and kernel has to notice each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

from tests.agreement.spoil import (
    Spoil,
    emptied,
    key,
    link,
    lost,
    route,
    routing_rules,
    rule,
    rules,
    setting,
    snat,
    tc_filter,
    value,
    without_route,
    without_rule,
    without_snat,
)

from flowc.hoststate import GreTunnel, Rule
from flowc.hoststate.routing import Encap, RouteRow
from flowc.hoststate.rules import AddressMatch, IcmpMatch, PortMatch, Verdict
from flowc.hoststate.tc import SetMark

MAIN = 254
"""The number of the main routing table."""


class Fault(NamedTuple):
    name: str
    file: str
    """Where it shows: one of `files/`."""
    suffers: str
    """What happens to the user."""
    spoil: Spoil


def _gateway(route_: RouteRow, gateway: str | None, device: str) -> tuple[RouteRow]:
    return (route_._replace(nexthops=tuple(one._replace(gateway=gateway, device=device) for one in route_.nexthops)),)


def _encap(route_: RouteRow, change: Callable[[Encap], Encap]) -> tuple[RouteRow]:
    hops = tuple(one._replace(encap=change(one.encap)) for one in route_.nexthops if one.encap)
    return (route_._replace(nexthops=hops),)


def _without_mark(number: int) -> Spoil:
    def change(one: Rule) -> Iterable[Rule]:
        return () if one.mark is not None and one.mark[0] == number else (one,)

    return routing_rules(change)


def _tunnel(device: str, **change: object) -> Spoil:
    def changed(tunnel: GreTunnel | None) -> GreTunnel:
        assert tunnel is not None
        return replace(tunnel, **change)  # type: ignore[arg-type]

    return link(device, lambda one: replace(one, tunnel=changed(one.tunnel)))


OFFICE, SERVERS, PUBLIC = "policy/office/internet", "policy/office/servers", "policy/internet/servers"

RULES = (
    Fault("an accepting rule is missing", "gateway", "web pages do not open", without_rule(OFFICE, 7)),
    Fault("a dropping rule is missing", "gateway", "half of the office gets in by SSH", without_rule(SERVERS, 0)),
    Fault("two rules are swapped", "gateway", "the later rule decides", rules(SERVERS, lambda all_: (all_[1], all_[0], *all_[2:]))),
    Fault("reject drops", "gateway", "programs wait instead of failing", rule(OFFICE, 1, verdict=Verdict.DROP)),
    Fault("drop rejects", "gateway", "scanners are answered", rule(SERVERS, 0, verdict=Verdict.REJECT)),
    Fault("a port range ends early", "gateway", "the last port is closed", rule(OFFICE, 2, traffic=PortMatch((("tcp", 8000, 8098),)))),
    Fault("a port range ends late", "gateway", "one port more is open", rule(PUBLIC, 3, traffic=PortMatch((("udp", 7000, 7010),)))),
    Fault("a port range begins early", "gateway", "one port more is refused", rule(OFFICE, 1, traffic=PortMatch((("tcp", 5999, 6009),)))),
    Fault("a negated source is not negated", "gateway", "the wrong machines are let out", rule(OFFICE, 2, source=AddressMatch(4, ("10.1.0.64/26",)))),
    Fault("a negated destination is not negated", "gateway", "logs go to the wrong server alone", rule(SERVERS, 4, destination=AddressMatch(4, ("10.2.0.80",)))),
    Fault("an ICMP type is missing", "gateway", "IPv4 is not pinged", without_rule(OFFICE, 4)),
    Fault("an ICMP type is another", "gateway", "IPv6 is not pinged", rule(OFFICE, 5, traffic=IcmpMatch(6, ("echo-reply",)))),
    Fault("IPv6 is left out of a rule", "gateway", "the web server has no IPv6", without_rule(SERVERS, 3)),
    Fault("an address range ends early", "gateway", "the last administrator is locked out", rule("policy/office/self", 0, source=AddressMatch(4, ("10.1.0.10-10.1.0.18",)))),
    Fault("a protocol is another", "gateway", "names are not resolved", rule(OFFICE, 3, traffic=PortMatch((("tcp", 53, 53), ("udp", 123, 123))))),
    Fault("via eip is forgotten", "gateway", "the inside address is open as well", rule(PUBLIC, 0, translated=False)),
    Fault("offload is not set", "gateway", "the fast path is not used", rule(OFFICE, 6, offload=None)),
    Fault("offload is set without being asked for", "gateway", "limits and counters see nothing", rule(OFFICE, 7, offload=True)),
    Fault("the policy of another pair decides", "gateway", "visitors have what the office has", value("to/visitors", '"eth2"', "goto policy/office/servers")),
    Fault("the policy to the host is missing", "gateway", "the administrator is locked out", value("input_policies", '"eth1"', "drop")),
    Fault("the policy from the host is missing", "gateway", "the host sends what it must not", lost("output_policies", '"eth2"')),
)  # fmt: skip

TRANSLATION = (
    Fault("masquerade is missing", "gateway", "visitors get no answers", without_snat(4)),
    Fault("snat has another pool", "gateway", "connections come from somebody else's address", snat(0, to="203.0.113.11")),
    Fault("snat forgets its ports", "gateway", "ports of others are used", snat(1, ports=None)),
    Fault("snat takes more sources", "gateway", "what is to be masqueraded is not", snat(1, elements=('"eth1" . 10.1.0.128/25',))),
    Fault("a forward keeps the public port", "gateway", "the web server is not reached", value("forwards4", "0 . 203.0.113.3 . tcp . 8080", "10.2.0.80 . 8080")),
    Fault("a forward has another target", "gateway", "calls reach the wrong machine", value("forwards4", "0 . 203.0.113.3 . udp . 5000", "10.2.0.80 . 7000")),
    Fault("the last forwarded port is missing", "gateway", "one call of ten is lost", lost("forwards4", "0 . 203.0.113.3 . udp . 5009")),
    Fault("a whole-address forward has another target", "gateway", "mail goes to the web server", value("eips4", "0 . 203.0.113.4", "10.2.0.80")),
    Fault("an EIP has another target", "eips", "calls reach the wrong machine", value("eips4", "0 . 2.2.2.11", "10.0.0.76")),
    Fault("an EIP is inbound only", "eips", "a machine leaves with a shared address", lost("eip_sources/internet/4", "0 . 10.0.0.76")),
    Fault("two EIPs are swapped outbound", "eips", "machines leave as each other", value("eip_sources/internet/4", "0 . 10.0.0.75", "2.2.2.12")),
    Fault("an IPv6 EIP is missing", "eips", "a machine is not reached by IPv6", lost("eips6", "0 . 2001:db8:4:1::11")),
    Fault("a prefix of EIPs has another target", "eips", "all machines of a rack are others", value("eip_prefixes4", "0 . 2.2.4.0/25", "10.0.4.128/25")),
    Fault("a prefix of IPv6 EIPs is missing", "eips", "a rack is not reached by IPv6", lost("eip_prefixes6", "0 . 2001:db8:4::/64")),
    Fault("a prefix of EIPs is inbound only", "eips", "a rack leaves with a shared address", lost("eip_prefix_sources/internet/4", "0 . 10.0.4.0/25")),
    Fault("a forward does not go before the EIP", "eips", "a forwarded port is another machine's", lost("forwards4", "0 . 2.2.2.11 . tcp . 2222")),
    Fault("public addresses cannot be called from inside", "eips", "a machine does not reach its neighbour's public name", lost("gates4", "0 . 2.2.2.0/24")),
    Fault("who calls from inside keeps its address", "eips", "answers do not come back", lost("returns4", "0 . 2.2.2.0/24")),
    Fault("the way back in is judged by no policy", "eips", "calls from inside are lost", lost("entries4", "0 . 2.2.2.0/24")),
    Fault("the way out is judged by another's policy", "eips", "calls from inside need other rules", value("callers/internet", '"tap0"', "goto policy/internet/lab-net")),
    Fault("what leaves is not translated", "eips", "inside addresses are seen outside", lost("exits", '"eth0"')),
)  # fmt: skip

SOURCES = (
    Fault("sources are not checked", "gateway", "visitors forge addresses", lost("source_checks", '"eth3"')),
    Fault("a MAC address is not compared", "eips", "one machine acts as another", lost("pinned4", '"tap0" . 10.0.0.75')),
    Fault("a pinned MAC address is another", "gateway", "the boss is locked out", key("pinned_macs4", '"eth1" . 10.1.0.10 . 52:54:00:00:01:10', '"eth1" . 10.1.0.10 . 52:54:00:00:01:11')),
    Fault("inside addresses come from outside", "eips", "the internet forges inside addresses", lost("foreign4", '"eth0" . 10.7.0.0/24')),
    Fault("strict takes the whole network", "places", "undeclared machines get out", key("sources4", '"eth3" . 10.4.0.5', '"eth3" . 10.4.0.0/24')),
    Fault("sources of another device are checked", "places", "a room is cut off", key("sources4", '"br0" . 10.6.0.0/24', '"vlan7" . 10.6.0.0/24')),
)  # fmt: skip

ROUTES = (
    Fault("the host does not forward", "gateway", "nothing goes through", setting("net/ipv4/ip_forward", "0")),
    Fault("the host does not forward IPv6", "gateway", "no IPv6 goes through", setting("net/ipv6/conf/all/forwarding", "0")),
    Fault("an unreachable route is missing", "gateway", "packets go where they must not", without_route("10.8.9.0/24", MAIN, "unreachable")),
    Fault("a metric is another", "gateway", "the backup is used", route("10.8.7.0/24", MAIN, lambda one: (one._replace(metric=60 if one.metric == 20 else one.metric),))),
    Fault("a gateway is on another device", "gateway", "packets leave by the wrong wire", route("10.8.0.0/16", MAIN, lambda one: _gateway(one, "10.1.0.8", "eth1"))),
    Fault("the route of a VRF is missing", "tenants", "a tenant has no way out", without_route("default", 1001)),
    Fault("the last resort of a VRF is missing", "places", "a VRF leaks into the main table", without_route("default", 1010, "unreachable")),
    Fault("a VRF has another table", "tenants", "a tenant is cut off", link("red", lambda one: replace(one, table=1003))),
    Fault("an interface is in no VRF", "tenants", "a tenant is in the main table", link("tap3", lambda one: replace(one, master=None))),
    Fault("a leak is missing", "tenants", "administrators reach nobody", without_route("10.0.5.0/24", MAIN)),
    Fault("routes by source are missing", "places", "printers leave by the wrong uplink", routing_rules(lambda one: () if one.source == "10.1.9.0/24" else (one,))),
    Fault("a VLAN has another id", "places", "a meeting room is cut off", link("vlan7", lambda one: replace(one, vlan=("eth1", 8)))),
    Fault("a zone part ends early", "places", "half of the printers are nobody's", key("from_zones_parts4", '"eth2" . 10.1.9.0/24', '"eth2" . 10.1.9.0/25')),
    Fault("a zone part is another zone's", "places", "printers have what the staff has", value("from_zones_parts4", '"eth2" . 10.1.9.0/24', "goto from/staff")),
)  # fmt: skip

TENANTS = (
    Fault("packets for one VRF are routed in none", "tenants", "a tenant's EIPs are not reached", _without_mark(1002)),
    Fault("an EIP leads into another VRF", "tenants", "one tenant gets what is another's", value("vrf_targets4", "2.2.2.75", "1002")),
    Fault("an EIP has another conntrack zone", "tenants", "connections of two tenants are mixed", value("eip_zones4", "2.2.2.75", "1002")),
    Fault("a device has another conntrack zone", "tenants", "connections of two tenants are mixed", value("vrf_zones", '"tap1"', "1002")),
    Fault("tenants leave as each other", "tenants", "one tenant answers for another", value("eip_sources/internet/4", "1001 . 10.0.0.75", "2.2.2.76")),
    Fault("snat is for another VRF", "tenants", "a tenant leaves untranslated", snat(0, elements=("1003 . 10.0.0.0/25",))),
    Fault("a forward leads into no VRF", "tenants", "a forwarded port is not reached", lost("port_targets4", "2.2.2.30 . tcp . 8443")),
    Fault("replies are not led back", "tenants", "callers get no answers", lost("vrf_members", '1001 . "tap1"')),
    Fault("an EIP is of another conntrack zone's", "places", "a public address is not reached", key("eips4", "1009 . 100.64.7.3", "0 . 100.64.7.3")),
)  # fmt: skip

TUNNELS = (
    Fault("a route has another's key", "keys", "one tenant's packets go to another", route("10.0.1.75/32", 1001, lambda one: _encap(one, lambda outer: outer._replace(key=1002)))),
    Fault("a route has another remote end", "keys", "packets go to the wrong site", route("10.0.1.75/32", 1001, lambda one: _encap(one, lambda outer: outer._replace(destination="172.16.1.3")))),
    Fault("a filter has another key", "keys", "a tenant is cut off", tc_filter(1001, lambda one: replace(one, match=replace(one.match, key=1003)))),
    Fault("a filter marks for another VRF", "keys", "a tenant acts as another", tc_filter(1001, lambda one: replace(one, actions=(SetMark(1002, 16383), *one.actions[1:])))),
    Fault("a tunnel sends another key", "keys", "the far end hears nothing", _tunnel("bare", okey=8)),
    Fault("a tunnel takes another key", "keys", "nothing comes from the far end", _tunnel("bare", ikey=9)),
    Fault("a tunnel has another remote end", "keys", "packets go to the wrong site", _tunnel("site", remote="172.16.1.6")),
    Fault("a key has another conntrack zone", "keys", "connections of two tenants are mixed", value("key_zones", "1001", "1002")),
    Fault("a key's sources are not taken", "keys", "a tenant is cut off", lost("key_sources4", "1001 . 10.0.1.0/24")),
    Fault("the packets of tunnels are not admitted", "keys", "nothing comes from the far ends", emptied("tunnel_peers4")),
    Fault("a key is judged by another's policy", "keys", "a tenant has another's rules", value("from_zones_keys", '1002 . "overlay"', "goto from/first")),
)  # fmt: skip

FAULTS = (*RULES, *TRANSLATION, *SOURCES, *ROUTES, *TENANTS, *TUNNELS)
