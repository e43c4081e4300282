"""Devices, addresses and neighbours over netlink: what is made is what the scripts make, what is read is what was wanted,
and what flowc did not make stays as it is.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from tests.lab.protocol import prepared
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import wait_until
from tests.packets.test_backends_load import everything
from tests.quick.backends.states import at, empty

from flowc.api import compile_files
from flowc.backends.iproute2 import AFTER_RULESET, render
from flowc.backends.netlink.connection import Connection, MissingDeviceError, RefusedError
from flowc.backends.netlink.objects import addresses, links, neighbors
from flowc.backends.netlink.objects.devices import devices as every_device
from flowc.backends.netlink.objects.foreign import Foreign
from flowc.delta.addresses import ADDRESS
from flowc.delta.kinds import Changed, Changes, compare
from flowc.delta.links import LINK
from flowc.delta.neighbors import NEIGHBOR
from flowc.hoststate import AddressRow, GreTunnel, HostState, Link, LinkKind, NeighborRow, NetworkState, RouteRow
from flowc.hoststate.journal import DeviceBefore, Journal
from flowc.ir.tables import Table

MAC = "52:54:00:00:00:0"
JOURNAL = Journal()
FILES = 5
STATES = "states"


@pytest.fixture
def hosts(lab: Lab) -> tuple[Namespace, Namespace]:
    """Two gateways with eth0 and tap75: one for the scripts, one for netlink."""
    scripts, live, peer = lab.namespaces("scripts", "live", "peer")
    for number, gw in enumerate((scripts, live)):
        lab.connect(
            (gw.port("eth0", mac=f"{MAC}a"), peer.port(f"eth{number}")),
            (gw.port("tap75", mac=f"{MAC}b"), peer.port(f"tap{number}")),
        )
    return scripts, live


def prepare(folder: Path) -> None:
    """Draw and compile: this takes long in the guest."""
    from tests.generate.seeded import parts
    from tests.generate.strategies import written

    states = []
    for number, texts in enumerate(parts(6, FILES)):
        source = folder / f"{number:02}"
        source.mkdir()
        states += [only(state) for state in compile_files([written(texts, source)]).states.values()]
    (folder / STATES).write_bytes(pickle.dumps(states))


def only(state: HostState) -> HostState:
    """Without what is of other modules."""
    return replace(
        state,
        routes=Table(RouteRow),
        rules=(),
        local_rule_last=False,
        filters=(),
        sysctls=(),
        modules=(),
        nft=cast("Any", None),
    )


def all_kinds() -> HostState:
    state = everything()
    four = GreTunnel("172.16.0.1", "172.16.0.9")
    six = GreTunnel("2001:db8::1", "2001:db8::9")
    more = (
        Link("plain4", LinkKind.GRETAP, at(5), tunnel=four),
        Link("plain6", LinkKind.IP6GRETAP, at(5), tunnel=six),
        Link("open4", LinkKind.GRE, at(5), tunnel=replace(four, remote=None, ikey=4294967295)),
        Link("md4", LinkKind.GRETAP, at(5), mtu=1450, mac=f"{MAC}7", tunnel=GreTunnel("172.16.0.1", None, external=True)),
        Link("md6", LinkKind.IP6GRETAP, at(5), tunnel=GreTunnel("2001:db8::1", None, external=True)),
        Link("half", LinkKind.VETH, at(5), peer="other", master="br"),
    )  # fmt: skip
    rows = [
        AddressRow(4, "10.0.5.2/24", "eth0.5", at(3)),
        AddressRow(4, "203.0.113.9/32", "eth0", at(3), answered_only=True),
        AddressRow(6, "2001:db8:1::9/128", "eth0", at(3), answered_only=True),
        AddressRow(6, "fe80::5/64", "g4", at(3)),
        AddressRow(6, "::ffff:1.2.3.4/128", "eth0", at(3)),
        AddressRow(4, "127.0.0.9/32", "up", at(3)),
    ]
    table = Table(AddressRow, [*state.addresses, *rows]).sorted("family", "device", "address")
    neighbors = Table(NeighborRow, [*state.neighbors, NeighborRow(4, "172.16.0.7", "eth0", None, at(7))])
    return only(replace(state, links=(*state.links, *more), addresses=table, neighbors=neighbors))


def by_scripts(gw: Namespace, state: HostState) -> None:
    before, after = render(state, provenance=False).split(f"# {AFTER_RULESET}\n")
    gw.run("ip", "-batch", "-", stdin=before)
    gw.run("ip", "-batch", "-", stdin=after)


@contextmanager
def connected(gw: Namespace) -> Iterator[Connection]:
    with gw.entered(), Connection() as connection:
        yield connection


def by_netlink(gw: Namespace, state: NetworkState) -> None:
    with connected(gw) as connection:
        for link in state.links:
            links.create(connection, link)
        for link in state.links:
            links.activate(connection, link)
        for address in state.addresses:
            addresses.create(connection, address)
        for neighbor in state.neighbors:
            neighbors.create(connection, neighbor)


def read(connection: Connection, wanted: NetworkState, journal: Journal = JOURNAL) -> NetworkState:
    names = links.names(connection)
    return replace(
        wanted,
        links=links.links(every_device(connection), wanted, journal, []),
        addresses=addresses.read(connection, names, wanted, JOURNAL),
        neighbors=neighbors.read(connection, names, wanted, []),
    )


def differences(old: NetworkState, new: NetworkState) -> list[str]:
    """There are none when a host is as it shall be."""
    found: list[Changes[Any]] = [
        compare(LINK, old.links, new.links),
        compare(ADDRESS, old.addresses, new.addresses),
        compare(NEIGHBOR, old.neighbors, new.neighbors),
    ]
    told = []
    for changes in found:
        words = changes.kind.words
        told += [f"+ {words(one)}" for one in changes.created] + [f"- {words(one)}" for one in changes.deleted]
        told += [f"~ {words(one.old)}: {words(one.new)}" for one in changes.changed]
    return told


def missing(gw: Namespace, wanted: NetworkState, journal: Journal = JOURNAL) -> list[str]:
    with connected(gw) as connection:
        return differences(read(connection, wanted, journal), wanted)


def applied(gw: Namespace, wanted: NetworkState) -> None:
    """Make of a host what is wanted, in the plainest order that works."""
    with connected(gw) as connection:
        old = read(connection, wanted)
        steps: tuple[tuple[Changes[Any], Any], ...] = (
            (compare(LINK, old.links, wanted.links), links),
            (compare(ADDRESS, old.addresses, wanted.addresses), addresses),
            (compare(NEIGHBOR, old.neighbors, wanted.neighbors), neighbors),
        )
        for changes, module in steps:
            for one in reversed(changes.deleted):
                module.delete(connection, one)
            # A device takes its MTU from what is below: in the order of the host, and masters last.
            there = [change for change in changes.changed if "master" not in change.attributes]
            for one in sorted([*changes.created, *there], key=lambda one: place(wanted, one)):
                (module.change if isinstance(one, Changed) else module.create)(connection, one)
            for change in changes.changed:
                if change not in there:
                    module.change(connection, change)
            if module is links:
                for one in changes.created:
                    links.activate(connection, one)


def place(wanted: NetworkState, one: object) -> int:
    new = one.new if isinstance(one, Changed) else one
    return [link.device for link in wanted.links].index(new.device) if isinstance(new, Link) else 0


COMMANDS = ("ip -d -o link", "ip -o address show", "ip neigh show nud permanent", "ip neigh show nud all proto 102")
FALLBACK = re.compile(r"(gre|gretap|erspan|ip6gre|ip6tnl|tunl|sit)0\b")
"""A namespace has these once the module is loaded."""
FLEETING = re.compile(
    r"^\d+: |@if\d+|permaddr \S+|link-netns \S+|link-netnsid \d+"
    r"|(timer|bridge_id|designated_root|last_member_count|designated_bridge) +\S+"
    r"|state \w+|NO-CARRIER,?|,?LOWER_UP|,?M-DOWN|INCOMPLETE|FAILED|PROBE|REACHABLE|STALE|DELAY|tentative"
    r"|inet6 fe80::[0-9a-f]+:[0-9a-f]+\S+.*|(?!52:54)\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b",
)  # fmt: skip


def shown(gw: Namespace) -> list[str]:
    """Without indexes, timers, what the kernel chooses by chance, and link-local addresses that come from that."""
    lines = [FLEETING.sub("", line) for command in COMMANDS for line in gw.run(*command.split()).splitlines()]
    words = [line.split() for line in lines if not FALLBACK.match(line)]
    return sorted(" ".join(some) for some in words if len(some) > 1)


def assert_shows(gw: Namespace, expected: list[str]) -> None:
    """Soon: devices take a moment until they run."""
    if not wait_until(lambda: shown(gw) == expected, timeout=10):
        found = shown(gw)
        told = [f"- {line}" for line in expected if line not in found]
        pytest.fail("\n".join([*told, *(f"+ {line}" for line in found if line not in expected)]))


def test_what_is_made_is_what_the_scripts_make_and_is_read_as_it_was_wanted(
    hosts: tuple[Namespace, Namespace],
) -> None:
    scripts, live = hosts
    wanted = all_kinds()
    by_scripts(scripts, wanted)
    by_netlink(live, wanted)
    assert missing(scripts, wanted) == []
    assert missing(live, wanted) == []
    assert_shows(live, shown(scripts))
    applied(live, wanted)
    assert missing(live, wanted) == []


CHANGES: dict[str, dict[str, Any]] = {
    "g4": {"mtu": 1300},
    "gt4": {"master": None, "mac": f"{MAC}4", "mtu": 1430},
    "gt6": {"mtu": 1420},
    "plain4": {"mtu": 1420},
    "plain6": {"mtu": 1410},
    "g6": {"up": True},
    "name": {"mtu": 1200, "master": "red"},
    "half": {"master": "red", "mac": f"{MAC}5"},
    "eth0": {"mtu": 1550},
    "tap75": {"mac": f"{MAC}6"},
    "br": {"master": "red"},
    "md4": {"mtu": 1440, "master": "red"},
}
TUNNELS: dict[str, dict[str, Any]] = {
    "g4": {"remote": "172.16.0.33", "ttl": None},
    "gt4": {"ikey": 7, "okey": None, "underlay": None},
    "g6": {"local": "2001:db8::11", "ttl": None, "okey": 5},
    "gt6": {"ikey": None, "okey": None, "ttl": 9, "underlay": "eth0"},
    "plain4": {"ikey": 1, "okey": 1, "ttl": 5, "underlay": "eth0"},
    "plain6": {"ttl": 64, "remote": None},
}


"""With an MTU in CHANGES: what the kernel takes of its own depends on the routes at that moment."""


def changed(state: HostState) -> HostState:
    found = []
    for link in state.links:
        tunnel = link.tunnel and replace(link.tunnel, **TUNNELS.get(link.device, {}))
        found.append(replace(link, tunnel=tunnel, **CHANGES.get(link.device, {})))
    rows = [row for row in state.addresses if row.address not in ("10.0.5.1/24", "fd00::1/64", "203.0.113.9/32")]
    rows = [row._replace(answered_only=not row.answered_only) if row.family == 6 else row for row in rows]
    rows += [AddressRow(6, "fd00::1/128", "br", at(4)), AddressRow(4, "203.0.113.10/32", "eth0", at(3))]
    peers = {None: f"{MAC}8", f"{MAC}9": None}
    neighbors = [row._replace(mac=peers[row.mac]) for row in state.neighbors if row.address != "10.0.5.9"]
    return replace(
        state, links=tuple(found), addresses=Table(AddressRow, rows), neighbors=Table(NeighborRow, neighbors)
    )


def indexes(gw: Namespace) -> list[str]:
    return re.findall(r"^(\d+: [^@:]+)", gw.run("ip", "-o", "link"), re.MULTILINE)


def test_all_that_can_change_changes_in_place(hosts: tuple[Namespace, Namespace]) -> None:
    scripts, live = hosts
    old = all_kinds()
    new = changed(old)
    by_netlink(live, old)
    before = indexes(live)
    applied(live, new)
    if missing(live, new):  # what moves into a VRF loses its addresses of IPv6
        applied(live, new)
    assert missing(live, new) == []
    assert indexes(live) == before
    by_scripts(scripts, new)
    assert missing(scripts, new) == []
    assert_shows(live, shown(scripts))
    applied(live, old)
    if missing(live, old):
        applied(live, old)
    assert missing(live, old) == []


SAID: dict[str, dict[str, Any]] = {
    "red": {"mtu": 1450},
    "br": {"mtu": 1350, "mac": f"{MAC}1"},
    "eth0.5": {"mtu": 1400, "mac": f"{MAC}5"},
    "up": {"mtu": 1280},
    "name": {"mtu": 1290},
}


def test_what_is_not_said_any_more_is_as_the_kernel_makes_it(hosts: tuple[Namespace, Namespace]) -> None:
    scripts, live = hosts
    host = only(everything())
    host = replace(host, links=tuple(link for link in host.links if link.tunnel is None))
    unsaid = replace(host, links=tuple(replace(link, mtu=None, mac=None) for link in host.links))
    said = replace(unsaid, links=tuple(replace(link, **SAID.get(link.device, {})) for link in unsaid.links))
    by_netlink(live, said)
    assert missing(live, said) == []
    assert len(missing(live, unsaid)) == len(SAID)
    applied(live, unsaid)
    applied(live, unsaid)  # a new MAC takes the neighbours away
    assert missing(live, unsaid) == []
    by_scripts(scripts, unsaid)
    assert missing(scripts, unsaid) == []
    assert_shows(live, shown(scripts))
    # A VLAN does not follow its parent up.
    live.ip("link set dev eth0 mtu 1300", "link set dev eth0 mtu 1500")
    assert [line for line in missing(live, unsaid) if line.startswith("~")] == [
        "~ eth0.5 type vlan master red mtu 1300 link eth0 id 5: eth0.5 type vlan master red link eth0 id 5"
    ]
    applied(live, unsaid)
    assert missing(live, unsaid) == []


def test_a_device_that_is_down_is_brought_up_again(hosts: tuple[Namespace, Namespace]) -> None:
    live = hosts[1]
    wanted = all_kinds()
    by_netlink(live, wanted)
    live.ip("link set dev name down", "link set dev eth0 down", "link set dev br down")
    assert sum(" down: " in line for line in missing(live, wanted)) == 4  # a VLAN goes down with its parent
    applied(live, wanted)
    applied(live, wanted)
    assert missing(live, wanted) == []
    with connected(live) as connection:
        link = next(one for one in read(connection, wanted).links if one.device == "name")
        (change,) = compare(LINK, [link], [replace(link, up=False)]).changed
        links.change(connection, change)
        found = links.links(every_device(connection), wanted, JOURNAL, [])
        assert not next(one for one in found if one.device == "name").up


def test_what_flowc_did_not_make_is_untouched(hosts: tuple[Namespace, Namespace]) -> None:
    live = hosts[1]
    live.ip(
        "link add mine type bridge",
        "link set dev mine up",
        "link add mytun type gretap local 172.16.9.1 remote 172.16.9.2 key 9",
        "addr add 192.0.2.1/24 dev eth0",
        "addr add 192.0.2.2/24 dev eth0",
        "addr add 10.8.8.1 peer 10.9.9.1/24 dev eth0",
        "addr add 172.16.0.77/24 dev eth0",
        "addr add 2001:db8::77/64 dev eth0 nodad",
        "neigh add 192.0.2.7 lladdr 52:54:00:00:00:77 dev eth0 nud permanent",
        "neigh add 192.0.2.8 dev eth0 managed",
    )
    before = shown(live)
    wanted = replace(all_kinds(), links=tuple(one for one in all_kinds().links if one.device != "tap75"))
    by_netlink(live, wanted)
    nothing = empty()
    journal = Journal(devices={"eth0": DeviceBefore(mtu=1500)})
    with connected(live) as connection:
        found = read(connection, nothing, journal)
        assert [(one.device, one.mtu, one.mac, one.master) for one in found.links if not one.created] == [
            ("eth0", 1600, None, None)
        ]
        assert {one.device for one in found.links if one.created} == {one.device for one in wanted.links if one.created}
        assert {row.address for row in found.addresses} == {row.address for row in wanted.addresses}
        for neighbor in found.neighbors:
            neighbors.delete(connection, neighbor)
            neighbors.delete(connection, neighbor)
        for address in found.addresses:
            addresses.delete(connection, address)
            addresses.delete(connection, address)
        for link in reversed(found.links):
            links.delete(connection, link)
            links.delete(connection, link)
        eth0 = next(one for one in found.links if one.device == "eth0")
        (mtu,) = compare(LINK, [eth0], [replace(eth0, mtu=1500)]).changed
        links.change(connection, mtu)
    assert missing(live, nothing) == []
    assert_shows(live, before)


def test_a_device_in_the_way_is_named(hosts: tuple[Namespace, Namespace]) -> None:
    live = hosts[1]
    wanted = all_kinds()
    live.ip("link add gt4 type bridge")
    assert in_the_way(live, wanted) == ["device gt4 exists and is no gretap"]
    live.ip("link del gt4", "link add gt4 type gretap local 172.16.9.1 remote 172.16.9.2")
    assert in_the_way(live, wanted) == ["device gt4 exists and was not made by flowc: it has no alias flowc"]


def in_the_way(live: Namespace, wanted: NetworkState) -> list[str]:
    found: list[Foreign] = []
    with connected(live) as connection:
        links.links(every_device(connection), wanted, JOURNAL, found)
    return [one.text for one in found]


class Killed(Exception):  # noqa: N818  # a signal is no error
    pass


class Mortal(Connection):
    """Ends before the write of that number."""

    left = 0

    def send(self, number: int, flags: int, body: bytes) -> None:
        if not self.left:
            raise Killed
        self.left -= 1
        super().send(number, flags, body)


def test_whoever_is_killed_leaves_nothing_that_stands_in_the_way(hosts: tuple[Namespace, Namespace]) -> None:
    scripts, live = hosts
    wanted = only(everything())
    wanted = replace(wanted, addresses=Table(AddressRow), neighbors=Table(NeighborRow))
    by_scripts(scripts, wanted)
    expected = shown(scripts)
    nothing = empty()
    for writes in (*range(1, 4), *range(4, 80, 12)):
        done = True
        with live.entered(), Mortal() as connection:
            connection.left = writes
            try:
                for link in wanted.links:
                    links.create(connection, link)
                for link in wanted.links:
                    links.activate(connection, link)
            except Killed:
                done = False
        applied(live, wanted)
        assert missing(live, wanted) == []
        assert_shows(live, expected)
        with connected(live) as connection:
            for link in reversed(links.links(every_device(connection), nothing, JOURNAL, [])):
                links.delete(connection, link)
        live.ip("link set dev tap75 nomaster")
        if done:
            return
    pytest.fail("it never comes to an end")


def test_refusals_say_why(hosts: tuple[Namespace, Namespace]) -> None:
    live = hosts[1]
    wanted = all_kinds()
    by_netlink(live, wanted)
    open4 = next(one for one in wanted.links if one.device == "open4")
    assert open4.tunnel
    (change,) = compare(LINK, [open4], [replace(open4, tunnel=replace(open4.tunnel, remote="172.16.0.9"))]).changed
    with connected(live) as connection:
        with pytest.raises(RefusedError, match="Invalid argument"):
            links.change(connection, change)
        with pytest.raises(MissingDeviceError, match="there is no device gone"):
            links.activate(connection, Link("gone", LinkKind.EXISTING, at(1)))
        with pytest.raises(MissingDeviceError, match="there is no device gone"):
            links.create(connection, Link("vlan9", LinkKind.VLAN, at(1), vlan=("gone", 9)))
        with pytest.raises(MissingDeviceError, match="there is no device gone"):
            neighbors.create(connection, NeighborRow(4, "192.0.2.1", "gone", None, at(1)))
        with pytest.raises(RefusedError, match="File exists"):
            links.create(connection, Link("eth0", LinkKind.BRIDGE, at(1)))
        with pytest.raises(RefusedError, match="File exists"):
            links.create(connection, Link("fresh", LinkKind.VETH, at(1), peer="eth0"))


def test_neighbours_that_somebody_else_changed_are_missing(hosts: tuple[Namespace, Namespace]) -> None:
    live = hosts[1]
    wanted = empty(
        neighbors=[
            NeighborRow(4, "172.16.0.5", "eth0", f"{MAC}5", at(1)),
            NeighborRow(4, "172.16.0.6", "eth0", None, at(1)),
            NeighborRow(4, "172.16.0.7", "eth0", f"{MAC}7", at(1)),
        ]
    )
    by_netlink(live, wanted)
    assert missing(live, wanted) == []
    live.ip(
        f"neigh replace 172.16.0.5 lladdr {MAC}5 dev eth0 nud reachable",
        f"neigh replace 172.16.0.6 lladdr {MAC}6 dev eth0 nud permanent",
        f"neigh replace 172.16.0.7 lladdr {MAC}8 dev eth0 nud permanent",
    )
    assert missing(live, wanted) != []
    applied(live, wanted)
    assert missing(live, wanted) == []


def test_files_that_are_generated(lab: Lab) -> None:
    """Each by the scripts and over netlink: the same kernel, and read as it was wanted."""
    states: list[HostState] = pickle.loads((prepared(__name__) / STATES).read_bytes())  # noqa: S301  # our own
    names = [f"{way}{number}" for number, _ in enumerate(states) for way in ("s", "l")]
    far, *made = lab.namespaces("far", *names)
    for number, state in enumerate(states):
        scripts, live = made[2 * number : 2 * number + 2]
        devices = sorted({link.device for link in state.links if not link.created})
        far.ip(
            *(
                f"link add name f{number}{way}{place} type veth peer name {device} netns {gw.name} address {MAC}c\n"
                f"link set dev f{number}{way}{place} up"
                for way, gw in enumerate((scripts, live))
                for place, device in enumerate(devices)
            )
        )
        wanted = only(state)
        by_scripts(scripts, wanted)
        by_netlink(live, wanted)
        assert missing(scripts, wanted) == []
        assert missing(live, wanted) == []
        assert_shows(live, shown(scripts))
        with connected(live) as connection:
            for link in reversed(links.links(every_device(connection), empty(), JOURNAL, [])):
                links.delete(connection, link)
            assert links.links(every_device(connection), empty(), JOURNAL, []) == ()
