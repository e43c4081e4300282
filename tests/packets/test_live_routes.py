"""Routes, rules and filters over netlink: what the scripts made is read, deleted and made again, and is the same."""

from __future__ import annotations

import os
import pickle
import re
import socket
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.lab.protocol import prepared
from tests.packets.lab import Lab, Namespace
from tests.packets.loading import BY_TOOLS
from tests.packets.observe import wait_until
from tests.packets.test_backends_load import everything, write
from tests.quick.backends.states import UNREACHABLE_METRIC, at, marking, shared_tunnel
from tests.soak import soak

from flowc.api import compile_files, write_directory
from flowc.backends.files import host_folder
from flowc.backends.iproute2.render import rule_families
from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.objects import filters, routes, rules
from flowc.delta.delta import Delta, difference
from flowc.delta.filters import clsacts
from flowc.delta.kinds import Changes
from flowc.delta.routes import Route
from flowc.delta.routes import routes as all_routes
from flowc.delta.rules import LOCAL_FIRST, LOCAL_LAST
from flowc.hoststate import Encap, HostState, NetworkState, NextHop, RouteRow, Rule, nothing
from flowc.hoststate.ruleset import Ruleset
from flowc.hoststate.tc import Match, Pass, SetMark
from flowc.ir.tables import Table
from flowc.source import NOWHERE

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FILES = int(os.environ.get("FLOWC_LIVE_FILES", "2"))
SEED = 6
STATES = "states.pickle"
NOTHING = Ruleset(flowtable=None, sets=(), meters=(), helpers=(), chains=())


def prepare(folder: Path) -> None:
    """Draw and compile; the guest is slow."""
    from tests.generate.seeded import files

    few = folder / "few.flow"
    few.write_text(few_tenants((EXAMPLES / "shared-tunnel.flow").read_text()))
    sources = [few, EXAMPLES / "two-uplinks.flow"]
    for number, text in enumerate(files(SEED, FILES)):
        sources.append(folder / f"{number}.flow")
        sources[-1].write_text(text)
    states = []
    for number, source in enumerate(sources):
        compiled = compile_files([source]).states
        write_directory(compiled, folder / f"{number}")
        states += [(f"{source.name} {host}", f"{number}/{host_folder(host)}", each) for host, each in compiled.items()]
    (folder / STATES).write_bytes(pickle.dumps(states))


def few_tenants(text: str) -> str:
    """The example of the shared tunnel with four of its tenants: emulation is slow."""
    more = r"10(?:0[4-9]|[1-9]\d)\b"
    text = re.sub(rf", k{more}", "", text.partition('test "')[0])
    return "\n".join(line for line in text.splitlines() if not re.search(rf"\b(?:k|t|vm|db){more}", line))


@dataclass(frozen=True)
class Host:
    """A namespace, and what it shall be."""

    namespace: Namespace
    wanted: NetworkState

    def shown(self) -> str:
        """All that is of concern, when it has come to rest."""
        shown = wait_until(self._twice_the_same, timeout=30)
        assert shown, "the routes do not come to rest"
        return shown

    def becomes(self, shown: str) -> bool:
        """Soon, in any order."""
        expected = sorted(shown.splitlines())
        return wait_until(lambda: sorted(self._shown().splitlines()) == expected, timeout=5)

    def _twice_the_same(self) -> str:
        first, second = self._shown(), self._shown()
        return first if first == second else ""

    def _shown(self) -> str:
        ns = self.namespace
        commands = ["ip -4 route show table all", "ip -6 route show table all", "ip rule", "ip -6 rule"]
        commands += [f"tc filter show dev {one.device} {side}" for one in clsacts(self.wanted.filters)
                     for side in ("ingress", "egress")]  # fmt: skip
        lines = "".join(ns.run(*command.split()) for command in commands).splitlines()
        kept = [line.rstrip() for line in lines if not re.search(r"fe80::[^ ]* dev|ff00::|proto kernel", line)]
        return re.sub(r" linkdown| dead|\s+index \d+", "", "\n".join(kept))

    def difference(self, connection: Connection) -> Delta:
        names = dict(socket.if_nameindex())
        found, last = rules.read(connection, self.wanted)
        there = replace(
            self.wanted,
            routes=routes.read(connection, names, self.wanted, []),
            rules=found,
            local_rule_last=last,
            filters=filters.read(connection, names, names.values()),
        )
        return difference(there, self.wanted, NOTHING, NOTHING)

    def create(self, connection: Connection) -> None:
        for rule in self.wanted.rules:
            rules.create(connection, rule)
        if self.wanted.local_rule_last:
            rules.set_local(connection, LOCAL_LAST, rule_families(self.wanted))
        for route in all_routes(self.wanted):
            routes.create(connection, route)
        for qdisc in clsacts(self.wanted.filters):
            filters.create_qdisc(connection, qdisc)
        for one in self.wanted.filters:
            filters.create(connection, one)

    def delete(self, connection: Connection) -> None:
        for one in self.wanted.filters:
            filters.delete(connection, one)
        for qdisc in clsacts(self.wanted.filters):
            filters.delete_qdisc(connection, qdisc)
        for route in all_routes(self.wanted):
            routes.delete(connection, route)
        rules.set_local(connection, LOCAL_FIRST)
        for rule in self.wanted.rules:
            rules.delete(connection, rule)


def loaded(lab: Lab, name: str, folder: Path, state: NetworkState) -> tuple[Host, str]:
    """By the scripts; and the rules that a namespace begins with."""
    gw = lab.namespace(name)
    fresh = gw.run("ip", "-d", "rule") + gw.run("ip", "-d", "-6", "rule")
    devices = [link.device for link in state.links if not link.created]
    for number, device in enumerate(devices):
        gw.ip(f"link add {device} type veth peer name other{number}", f"link set other{number} up")
        gw.ip(f"link set {device} up")
    with gw.entered():
        done = subprocess.run(BY_TOOLS, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return Host(gw, state), fresh


def bare_rules(gw: Namespace) -> str:
    """Without those of the kernel that come with the first VRF and stay."""
    shown = gw.run("ip", "-d", "rule") + gw.run("ip", "-d", "-6", "rule")
    return "".join(line for line in shown.splitlines(keepends=True) if "l3mdev-table" not in line)


def check(lab: Lab, name: str, folder: Path, state: NetworkState) -> None:
    host, fresh = loaded(lab, name, folder, state)
    by_script = host.shown()
    with host.namespace.entered(), Connection() as connection:
        told = host.difference(connection)
        assert not len(told), told
        for _ in range(2):  # what is gone can be deleted
            host.delete(connection)
        told = host.difference(connection)
        deleted = (told.routes, told.rules, told.filters)
        assert [len(one.created) for one in deleted] == [len(state.routes), len(state.rules), len(state.filters)]
        assert not any(one.deleted or one.changed for one in deleted)
        assert "102" not in re.findall(r"proto (\d+)", host.shown())
        assert bare_rules(host.namespace) == fresh
        for _ in range(2):  # and what is there can be made
            host.create(connection)
        assert host.becomes(by_script), host.shown()
        told = host.difference(connection)
        assert not len(told), told


def given() -> Iterator[tuple[str, HostState]]:
    """By hand: one of each kind, and what no file says yet."""
    plain = everything()
    yield "everything", plain
    tunnel = shared_tunnel()
    hops = tuple(NextHop(None, "gtmd", 1, Encap(4, key, "172.16.0.1", "172.16.0.2")) for key in (0, 1000))
    six = NextHop("fe80::7", "gtmd", 1, Encap(4, 0xFFFFFFFF, "172.16.0.1", "172.16.0.3"))
    several = (NextHop("169.254.0.5", "gtmd", 3, hops[1].encap), NextHop("169.254.0.6", "gtmd", 1, hops[0].encap))
    several6 = (six._replace(weight=2), six._replace(gateway="fe80::8", encap=hops[1].encap))
    yield (
        "shared",
        replace(
            tunnel,
            routes=Table(
                RouteRow,
                [
                    RouteRow(4, 1000, "default", "unreachable", (), UNREACHABLE_METRIC, at(2)),
                    RouteRow(6, 1000, "default", "unreachable", (), UNREACHABLE_METRIC, at(2)),
                    RouteRow(4, 1000, "10.0.0.0/24", "unicast", hops[:1], None, at(2)),
                    RouteRow(4, 1000, "10.0.1.0/24", "unicast", hops[1:], 20, at(2)),
                    RouteRow(4, 1000, "10.0.0.1/32", "local", (NextHop(None, "gtmd", 1),), None, at(2)),
                    RouteRow(6, 1000, "fd00::1/128", "local", (NextHop(None, "gtmd", 1),), None, at(2)),
                    RouteRow(6, 1000, "fd01::/64", "unicast", (six,), None, at(2)),
                    RouteRow(6, 1000, "fd01::/64", "blackhole", (), 7, at(2)),
                    RouteRow(4, 1000, "10.0.2.0/24", "unicast", several, None, at(2)),
                    RouteRow(6, 1000, "fd02::/64", "unicast", several6, None, at(2)),
                    RouteRow(6, 200, "default", "unicast", several6[::-1], None, at(2)),
                ],
            ),
            filters=(
                *tunnel.filters,
                marking("gtmd", (11, 1), Match(0, "172.16.0.2", "172.16.0.1"), SetMark(0, 0xFF), at(5)),
                marking("gtmd", (30, 1000), Match(1000, "2001:db8::2", "2001:db8::1"), SetMark(3, 0xFF), at(5)),
            ),
            local_rule_last=True,
        ),
    )


def test_what_is_made_over_netlink_is_what_the_scripts_make(lab: Lab, tmp_path: Path) -> None:
    for name, state in given():
        folder = tmp_path / name
        folder.mkdir()
        write(folder, state)
        check(lab, name, folder, state)


@soak
def test_it_is_for_examples_and_generated_files(lab: Lab) -> None:
    folder = prepared(__name__)
    for number, (name, place, state) in enumerate(pickle.loads((folder / STATES).read_bytes())):  # noqa: S301  # our own
        print(name, f"{len(state.routes)} routes, {len(state.rules)} rules, {len(state.filters)} filters")
        check(lab, f"gw{number}", folder / place, state)


FOREIGN = (
    "route add 10.0.3.0/24 dev gtmd proto static table 1000",
    "route add 10.0.1.0/24 dev gtmd proto static table 1000 metric 5",
    "route add 10.0.1.0/24 dev gtmd proto static table 1000 metric 30",
    "route add unreachable 10.0.0.0/24 proto static table 1000 metric 1",
    "-6 route add fd01::/64 dev gtmd proto static table 1000 metric 9",
    "rule add pref 500 iif gtmd fwmark 1/0xff table 1000",
    "rule add pref 500 fwmark 2/0xff table 1000 protocol static",
)
FOREIGN_FILTERS = (
    "filter add dev gtmd ingress protocol all pref 5 flower skip_hw enc_key_id 7 action pass cookie 0102",
    "filter add dev gtmd ingress protocol all pref 20 handle 0x99 flower skip_hw enc_key_id 8 action pass",
    "filter add dev gtmd ingress protocol all pref 10 handle 0x5 flower skip_hw enc_key_id 5 action drop",
    "filter add dev gtmd egress protocol all pref 5 flower skip_hw action pass",
)
SHARED = (
    "dev gtmd ingress protocol all pref 20 handle 0x66c0001 flower skip_hw enc_key_id 1000"
    " enc_src_ip 172.16.0.2 enc_dst_ip 172.16.0.1"
)
COOKIE = "cookie 666c6f7763"
DRIFT = (
    ("ip", "route replace 10.0.1.0/24 dev lo table 1000 metric 20 proto 102"),
    ("ip", "route replace prohibit 10.0.1.0/24 table 1000 metric 20 proto 102"),
    ("ip", "route del 10.0.0.1 table 1000"),
    ("ip", "-6 route replace unreachable fd01::/64 table 1000 proto 102"),
    ("ip", "-6 route replace fd02::/64 dev gtmd table 1000 proto 102"),
    ("ip", "-6 route del fd02::/64 via fe80::8 dev gtmd table 1000"),
    ("ip", "route add 10.0.9.0/24 dev gtmd table 1000 proto 102"),
    ("ip", "rule del pref 500 fwmark 3/0xff"),
    ("ip", "rule add pref 500 fwmark 3/0xff suppress_prefixlength 0 table 1000 protocol 102"),
    ("ip", "rule add pref 777 table 1000 protocol 102"),
    ("ip", "rule add pref 0 table local"),
    ("ip", "-6 rule del pref 32765"),
    ("tc", "filter del dev gtmd ingress pref 20"),
    ("tc", "filter del dev gtmd ingress"),
    ("tc", f"filter replace {SHARED} action skbedit mark 0x7/0xff pipe action pass"),
    ("tc", f"filter replace {SHARED} action skbedit mark 0x7/0xff pipe action pass {COOKIE}"),
    ("tc", f"filter replace {SHARED} action skbedit mark 0x1/0xff pipe action drop {COOKIE}"),
    ("tc", f"filter add dev gtmd ingress protocol all pref 40 flower skip_hw action skbedit mark 1 pipe {COOKIE}"),
)


def wide() -> HostState:
    """The shared tunnel, with rules."""
    state = dict(given())["shared"]
    own = (
        Rule(4, 500, 1000, at(2), mark=(1, 0xFF)),
        Rule(4, 500, 1000, at(2), mark=(3, 0xFF)),
        Rule(4, 2001, 254, at(2), source="10.0.0.0/24", suppress=0),
        Rule(6, 500, 1000, at(2), mark=(1, 0xFF), device="gtmd"),
    )
    return replace(state, rules=own)


def carry_out(connection: Connection, delta: Delta, wanted: NetworkState) -> None:
    parts: tuple[tuple[Changes[Any], Any], ...] = (
        (delta.rules, rules),
        (delta.routes, routes),
        (delta.filters, filters),
    )
    for changes, module in parts:
        for change in changes.changed:
            module.change(connection, change.old, change.new)
        for one in changes.created:
            module.create(connection, one)
        for one in changes.deleted:
            module.delete(connection, one)
    for moved in delta.local_rule.changed:
        rules.set_local(connection, moved.new, rule_families(wanted))


@pytest.fixture
def host(lab: Lab, tmp_path: Path) -> Host:
    write(tmp_path, wide())
    return loaded(lab, "gw", tmp_path, wide())[0]


def test_what_others_made_is_left_alone(host: Host) -> None:
    gw = host.namespace
    with gw.entered(), Connection() as connection:
        host.delete(connection)
        gw.tc("qdisc add dev gtmd clsact", *FOREIGN_FILTERS)
        for command in FOREIGN:
            gw.run("ip", *command.split())
        foreign = host.shown()
        told = host.difference(connection)
        assert not any(one.deleted or one.changed for one in (told.routes, told.rules, told.filters))
        host.create(connection)
        assert not len(host.difference(connection))
        host.delete(connection)
        assert host.shown() == foreign
        assert "clsact" in gw.run("tc", "qdisc", "show", "dev", "gtmd")
        gw.tc("filter del dev gtmd ingress")
        host.delete(connection)
        assert "clsact" in gw.run("tc", "qdisc", "show", "dev", "gtmd")
        gw.tc("filter del dev gtmd egress")
        host.delete(connection)
        assert "clsact" not in gw.run("tc", "qdisc", "show", "dev", "gtmd")


@soak
def test_what_was_changed_by_hand_is_seen_and_set_right(host: Host) -> None:
    gw = host.namespace
    before = host.shown()
    with gw.entered(), Connection() as connection:
        failed = []
        for tool, command in DRIFT:
            gw.run(tool, *command.split())
            told = host.difference(connection)
            carry_out(connection, told, host.wanted)
            left = host.difference(connection)
            if not len(told) or len(left) or not host.becomes(before):
                failed.append(f"{command}\n{told}\n{left}\n{host.shown()}")
        assert not failed, "\n\n".join(failed)


def test_each_kind_becomes_each_other(host: Host) -> None:
    """A route of one kind takes the place of one of another, and a filter that of one which looks at IPv6."""
    gw = host.namespace
    hop, hop6 = NextHop("10.9.9.9", "gtmd", 1), NextHop("fd0f::9", "gtmd", 1)
    shapes: dict[int, Sequence[tuple[str, tuple[NextHop, ...]]]] = {
        4: [("unicast", (hop,)), ("unreachable", ()), ("unicast", (hop, hop._replace(gateway="10.9.9.8", weight=2))),
            ("blackhole", ()), ("unicast", (hop._replace(gateway=None),)), ("local", (hop._replace(gateway=None),))],
        6: [("unicast", (hop6,)), ("unreachable", ()), ("unicast", (hop6, hop6._replace(gateway="fd0f::8", weight=2))),
            ("blackhole", ()), ("unicast", (hop6._replace(gateway=None),)), ("local", (hop6._replace(gateway=None),))],
    }  # fmt: skip
    with gw.entered(), Connection() as connection:
        names = dict(socket.if_nameindex())
        for family, destination in ((4, "10.55.0.1/32"), (6, "fd55::1/128")):
            made = [
                Route(
                    RouteRow(family, 77, destination, kind, hops, None, NOWHERE),  # type: ignore[arg-type]
                    tuple(one.gateway is not None for one in hops),
                )
                for kind, hops in shapes[family]
            ]
            for old in made:
                for new in made:
                    routes.create(connection, old)
                    routes.change(connection, old, new)
                    found = [row for row in routes.read(connection, names, host.wanted, []) if row.table == 77]
                    there = zip(new.row.nexthops, new.onlink, strict=True)
                    hops = tuple(hop._replace(onlink=onlink) for hop, onlink in there)
                    assert [(row.kind, row.nexthops) for row in found] == [(new.row.kind, hops)], (old, new)
                    routes.delete(connection, new)
                    assert not [row for row in routes.read(connection, names, host.wanted, []) if row.table == 77], new
        four = host.wanted.filters[0]
        six = replace(four, match=Match(1000, "2001:db8::5", "2001:db8::6"))
        other = replace(four, match=replace(four.match, key=4), actions=(SetMark(9), Pass()))
        for was, shall in ((four, six), (six, four), (four, other)):
            filters.change(connection, was, shall)
            assert shall in filters.read(connection, names, ["gtmd"])
            assert was not in filters.read(connection, names, ["gtmd"])
        assert filters.read(connection, names, ["none"]) == ()


def test_a_rule_is_changed_without_a_gap_even_when_it_was_cut_short(host: Host) -> None:
    old, new = host.wanted.rules[1], replace(host.wanted.rules[1], table=1001)
    with host.namespace.entered(), Connection() as connection:
        rules.create(connection, new)  # and killed
        assert [one for one in rules.read(connection, nothing("gw"))[0] if one in (old, new)] == [old, new]
        (left,) = host.difference(connection).rules.deleted
        assert left == new
        rules.change(connection, old, new)
        assert new in rules.read(connection, nothing("gw"))[0]
        rules.change(connection, new, old)
        assert not len(host.difference(connection))
        # One that has more to match stands in front, and is not taken for it.
        special = replace(old, device="gtmd")
        rules.delete(connection, old)
        rules.create(connection, special)
        rules.create(connection, old)
        rules.delete(connection, old)
        assert special in rules.read(connection, nothing("gw"))[0]
        assert old not in rules.read(connection, nothing("gw"))[0]


def test_a_rule_for_all_sources_is_not_one_for_some(host: Host) -> None:
    some, all_ = Rule(4, 2000, 255, NOWHERE, source="10.0.0.0/24"), Rule(4, 2000, 255, NOWHERE)
    with host.namespace.entered(), Connection() as connection:
        for _ in range(2):
            for rule in (some, all_):
                rules.create(connection, rule)
        assert len(re.findall("2000:", host.namespace.run("ip", "rule"))) == 2
        rules.delete(connection, all_)
        assert "2000:\tfrom 10.0.0.0/24" in host.namespace.run("ip", "rule")
        assert all_ not in rules.read(connection, nothing("gw"))[0]


def test_somebody_elses_rule_is_not_taken_for_flowcs(host: Host) -> None:
    host.namespace.ip("rule add pref 600 table 1000 protocol static")
    rule = Rule(4, 600, 1000, NOWHERE)
    with host.namespace.entered(), Connection() as connection:
        for _ in range(2):
            rules.create(connection, rule)
            assert re.findall("600:.* proto (\\w+)", host.namespace.run("ip", "rule")) == ["static", "102"]
        for _ in range(2):
            rules.delete(connection, rule)
            assert re.findall("600:.* proto (\\w+)", host.namespace.run("ip", "rule")) == ["static"]


def test_an_older_scripts_filter_is_flowcs(host: Host) -> None:
    one = marking("gtmd", (10, 1000), Match(1000, "172.16.0.2", "172.16.0.1"), SetMark(1, 0xFF), NOWHERE)
    command = (
        "filter replace dev gtmd ingress protocol all pref 10 chain 0 handle 0x3e8 flower {} enc_key_id 1000"
        " enc_src_ip 172.16.0.2 enc_dst_ip 172.16.0.1 action skbedit mark 0x1/0xff pipe action pass"
    )
    with host.namespace.entered(), Connection() as connection:
        names = dict(socket.if_nameindex())
        host.namespace.tc(command.format("skip_hw"))
        assert one in filters.read(connection, names, ["gtmd"])
        host.namespace.tc("filter del dev gtmd ingress pref 10", command.format(""))
        assert one not in filters.read(connection, names, ["gtmd"])
