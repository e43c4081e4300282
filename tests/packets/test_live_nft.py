"""The table that is read from a kernel is the table that was loaded, and one transaction makes any other of it."""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Iterator
from dataclasses import replace
from difflib import unified_diff
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from tests.lab.protocol import prepared
from tests.packets.lab import Lab, Namespace
from tests.soak import soak

from flowc.api import compile_files
from flowc.backends.netlink.connection import Connection
from flowc.backends.nft import render
from flowc.backends.nft.live import LoadError, Reader, canonical, elements, load, reading, restoring, transaction
from flowc.backends.nft.live.elements import KernelSet
from flowc.delta import Delta, difference
from flowc.hoststate import HostState
from flowc.hoststate.ruleset import NO_TABLE, Ruleset
from flowc.source import NOWHERE

FILES = int(os.environ.get("FLOWC_GENERATED_FILES", "3"))
SEED = 6
STATES = "states.pickle"
OF_PREFIXES = "prefixes.pickle"
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


PREFIXES = """
host gw {
    kernel 6.1
    vrf acme { table 1000 }
    interface wan { device eth0; address 192.0.2.1/24 }
    interface vms { device tap1; address 10.0.0.1/16; vrf acme }
    zone internet { interface wan }
    zone tenant { interface vms }
    route default via 192.0.2.254 on wan vrf acme
    pool public 198.51.100.0/24 at internet
    eip 198.51.100.0/28 <-> 10.0.1.0/28
}
"""
MORE_PREFIXES = PREFIXES.replace("    eip", "    eip 198.51.100.16/28 <-> 10.0.2.0/28\n    eip", 1)


def prepare(folder: Path) -> None:
    """Compile the examples, and draw and compile."""
    from tests.generate.seeded import parts  # not in the guest, where importing takes long
    from tests.generate.strategies import written

    states = [
        (f"{file.stem}, {host}", state)
        for file in sorted(EXAMPLES.glob("*.flow"))
        for host, state in compile_files([file]).states.items()
    ]
    for number, texts in enumerate(parts(SEED, FILES)):
        source = folder / f"{number:04}"
        source.mkdir(parents=True)
        found = compile_files([written(texts, source)]).states
        states += [(f"generated {number}, {host}", state) for host, state in found.items()]
    (folder / STATES).write_bytes(pickle.dumps(states))
    of_prefixes: list[HostState] = []
    for text in (PREFIXES, MORE_PREFIXES):
        file = folder / "prefixes.flow"
        file.write_text(text)
        of_prefixes += compile_files([file]).states.values()
    (folder / OF_PREFIXES).write_bytes(pickle.dumps(of_prefixes))


def states() -> list[tuple[str, HostState]]:
    found: list[tuple[str, HostState]] = pickle.loads((prepared(__name__) / STATES).read_bytes())  # noqa: S301  # what `prepare` wrote
    return found


def example(name: str) -> HostState:
    return next(state for each, state in states() if each.startswith(name))


def host_of(lab: Lab, *wanted: HostState) -> Namespace:
    """A namespace with the devices of all. What they are does not matter to nft."""
    (host,) = lab.namespaces("host")
    devices = {device for state in wanted for device in devices_of(state)} - {"lo"}
    host.ip(*(f"link add name {device} type dummy" for device in sorted(devices)))
    return host


def devices_of(state: HostState) -> set[str]:
    flowtable = state.nft.flowtable
    return {link.device for link in state.links} | set(flowtable.devices if flowtable else ())


def compared(state: HostState, before: Ruleset, after: Ruleset) -> Delta:
    return difference(state, state, before, after)


def told(delta: Delta) -> list[str]:
    return [
        f"{sign} {changes.kind.words(one)}"
        for changes in delta.kinds()
        for sign, some in (
            ("+", changes.created),
            ("-", changes.deleted),
            ("~", [change.old for change in changes.changed]),
            ("=", [change.new for change in changes.changed]),
        )
        for one in some
    ]


def read() -> Ruleset:
    return Reader().read()


def become(state: HostState, after: Ruleset) -> str:
    """Make it so, and return the transaction. What the kernel told of it is what is read without that."""
    reader = Reader()
    before = reader.read()
    text = transaction(compared(state, before, after), before, after, lambda: render(state))
    reader.load(text)
    assert not told(compared(state, reader.read(), read()))
    return text


def listing(host: Namespace) -> list[str]:
    """What nft lists, without what is no difference."""
    text = host.run("nft", "-n", "-s", "-t", "list", "table", "inet", "flowc")
    text = re.sub(r' comment "[^"]*"$', "", text, flags=re.MULTILINE)
    return sorted("\n".join(text.splitlines()[1:-1]).split("\n\n"))


@pytest.mark.lab_timeout(900)
@soak
def test_what_is_loaded_is_what_is_read(lab: Lab) -> None:
    every = states()[::2]  # all of them become one another below
    host = host_of(lab, *(state for _, state in every))
    wrong: list[str] = []
    with host.entered():
        for name, state in every:
            after = canonical(state)
            load(render(state))
            live = read()
            wrong += (f"{name}: {line}" for line in told(compared(state, live, after)))
            load(restoring(live))
            back = read()
            wrong += (f"{name}, put back: {line}" for line in told(compared(state, back, live)))
            # What puts a table back keeps its comments, too.
            again = [rule.written for chain in back.chains for rule in chain.rules]
            if again != [rule.written for chain in live.chains for rule in chain.rules]:
                wrong.append(f"{name}: put back otherwise")
    assert not wrong, "\n".join(wrong[:50])


@pytest.mark.lab_timeout(900)
@soak
def test_a_transaction_makes_any_table_of_any(lab: Lab) -> None:
    every = states()
    host = host_of(lab, *(state for _, state in every))
    wrong: list[str] = []
    whole = 0
    with host.entered():
        wanted = [canonical(state) for _, state in every]
        load(render(every[-1][1]))
        order = [len(every) - 1, *range(len(every))]
        for old, new in pairwise(order):
            (before, _), (name, state) = every[old], every[new]
            what = f"{before} -> {name}"
            try:
                whole += become(state, wanted[new]) == render(state)
            except LoadError as error:
                wrong.append(f"{what}: {error}")
                load(render(state))
                continue
            wrong += (f"{what}: {line}" for line in told(compared(state, read(), wanted[new])))
            mine = listing(host)
            load(render(state))
            wrong += (f"{what}, as nft lists it: {line}" for line in unified_diff(listing(host), mine, n=0))
    print(f"{len(every)} tables, {whole} of them loaded as a whole")
    assert not wrong, "\n".join(wrong[:50])


def drifts() -> Iterator[tuple[str, str, str]]:
    """What a hand changes, and what tells."""
    yield "a rule is gone", "flush chain inet flowc established", "- established"
    yield "a rule more", "insert rule inet flowc forward accept", "+ forward"
    yield "an element more", 'add element inet flowc from_zones { "evil" : accept }', '+ from_zones { "evil"'
    yield "a chain more", "add chain inet flowc other", "+ other"
    yield "a set more", "add set inet flowc other { typeof ip saddr; }", "+ other"
    yield "a map that is empty", "flush map inet flowc exits", "- exits"
    yield (
        "a device less",
        'delete flowtable inet flowc fastpath { hook ingress priority 0; devices = { "tap75" }; }',
        "~ ",
    )
    yield "no counter", "add flowtable inet flowc fastpath { hook ingress priority 0; }", "~ "
    yield "all of it", "delete table inet flowc", "- forward"


def test_what_a_hand_changes_is_seen_and_mended(lab: Lab) -> None:
    state = example("tenant-eip")
    host = host_of(lab, state)
    host.nft(
        "table inet other { set s { typeof ip saddr; elements = { 192.0.2.1 }; }; }\ntable ip flowc { chain c { accept; }; }"
    )
    foreign = [host.run("nft", "-a", "list", "table", *table) for table in (("inet", "other"), ("ip", "flowc"))]
    with host.entered():
        assert read() == NO_TABLE
        after = canonical(state)
        assert become(state, after) == render(state)
        assert not become(state, after)
        for what, command, sign in drifts():
            host.nft(command)
            seen = told(compared(state, after, read()))
            assert any(line.startswith(sign) for line in seen), (what, seen)
            text = become(state, after)
            assert text, what
            assert not told(compared(state, read(), after)), what
        # A rule by its handle, and the value of an element.
        rule = next(rule for chain in read().chains if chain.name == "policy/underlay/self" for rule in chain.rules)
        host.nft(f"replace rule inet flowc policy/underlay/self handle {rule.handle} tcp dport 23 accept")
        host.nft('delete element inet flowc exits { "gre1000" }; add element inet flowc exits { "gre1000" : drop }')
        assert "nat/internet" in become(state, after)
        assert not told(compared(state, read(), after))
        assert become(state, NO_TABLE) == "delete table inet flowc\n"
        assert read() == NO_TABLE
    assert foreign == [host.run("nft", "-a", "list", "table", *table) for table in (("inet", "other"), ("ip", "flowc"))]


def test_a_device_that_vanishes_is_missed_and_comes_back(lab: Lab) -> None:
    state = example("tenant-eip")
    host = host_of(lab, state)
    with host.entered():
        load(render(state))
        host.ip("link del tap75")
        missing = canonical(state, devices_of(state) - {"tap75"})
        assert not told(compared(state, read(), missing))
        host.ip("link add name tap75 type dummy")
        assert told(compared(state, read(), canonical(state)))
        assert "tap75" in become(state, canonical(state))
        assert not told(compared(state, read(), canonical(state)))


RANGES = {
    "adjacent": ["10.0.0.0/25", "10.0.0.128/25"],
    "one": ["10.0.0.0/24"],
    "odd": ["10.0.0.3-10.0.0.9", "10.0.0.11", "255.255.255.255", "0.0.0.1"],
    "ends": ["0.0.0.0/1", "128.0.0.0/1"],
    "all": ["0.0.0.0/0"],
    "next": ["10.0.0.128/25", "10.0.1.0/24"],
}


def test_ranges_become_any_others(lab: Lab) -> None:
    """Of a set that the kernel keeps as a tree of ends."""
    state = example("tenant-eip")
    (host,) = lab.namespaces("host")
    with host.entered():
        host.nft("table inet flowc { set r { typeof ip daddr; flags interval; }; chain c { ip daddr @r drop; }; }")
        empty = read()
        names = list(RANGES)
        order = [*names, *reversed(names), *names[::2], *names[1::2]]
        for old, new in pairwise(order):
            ranges = RANGES[new]
            one = replace(empty.sets[0], keys=ranges, spans=[NOWHERE] * len(ranges))
            become(state, replace(empty, sets=(one,)))
            assert sorted(read().sets[0].keys) == sorted(ranges), (old, new)


def test_prefixes_of_vrfs_come_and_go(lab: Lab) -> None:
    """Of the map that has them, nft 1.0.6 takes no element."""
    (host,) = lab.namespaces("host")
    one, two = pickle.loads((prepared(__name__) / OF_PREFIXES).read_bytes())  # noqa: S301  # what `prepare` wrote
    with host.entered():
        for state in (one, two, one):
            become(state, canonical(state))
            assert not told(compared(state, read(), canonical(state)))


SETS = """
add table inet flowc
add map inet flowc eips { typeof ip saddr : ip daddr; }
add map inet flowc verdicts { typeof iifname : verdict; }
add set inet flowc places { typeof ip saddr . tcp dport; flags interval; }
add set inet flowc ranges { typeof ip saddr; flags interval; }
add table inet other
add set inet other eips { typeof ip saddr; }
"""
ADD = "add element inet flowc {} {{ {} }}\n".format
DELETE = "delete element inet flowc {} {{ {} }}\n".format
MANY = ", ".join(f"10.{n >> 8}.{n & 255}.1 : 192.0.2.1" for n in range(2000))
EVERY = {"eips", "verdicts", "places", "ranges"}
TRANSACTIONS: dict[str, tuple[str, set[str]]] = {
    "one of each": (
        ADD("eips", "1.1.1.1 : 2.2.2.2") + ADD("verdicts", "eth0 : drop") + ADD("places", "10.0.0.0/24 . 80-90"),
        set(),
    ),
    "another value": (DELETE("eips", "1.1.1.1") + ADD("eips", "1.1.1.1 : 3.3.3.3"), set()),
    "all of one": ("flush map inet flowc verdicts\n" + ADD("verdicts", "eth1 : accept"), set()),
    "a range of a single key": (ADD("ranges", "10.0.0.0/24"), {"ranges"}),
    "a set anew": ("delete set inet flowc ranges\nadd set inet flowc ranges { typeof ip daddr; }\n" + ADD("ranges", "1.1.1.1"), {"ranges"}),
    "one of the same name": ("add element inet other eips { 4.4.4.4 }\n" + ADD("eips", "4.4.4.4 : 5.5.5.5"), set()),
    "too many to listen to": (ADD("eips", MANY) + ADD("eips", MANY.replace(" : ", "0 : ")), EVERY),
}  # fmt: skip


def test_only_what_the_kernel_does_not_tell_is_read_again(lab: Lab) -> None:
    (host,) = lab.namespaces("host")
    with host.entered():
        host.nft(SETS)
        reader = Reader()
        reader.read()
        for what, (text, again) in TRANSACTIONS.items():
            reader.load(text)
            assert read_again(reader) == again, what
        # Somebody else's transaction is known of, and so nothing of the one before.
        host.nft(ADD("eips", "7.7.7.7 : 7.7.7.7"))
        reader.load(ADD("eips", "7.7.7.8 : 7.7.7.8"))
        assert read_again(reader) == EVERY
        with pytest.raises(LoadError):
            reader.load(ADD("nowhere", "1.1.1.1"))
        assert read_again(reader) == EVERY


def read_again(reader: Reader) -> set[str]:
    """The sets of which elements are read. What there is is what is read without any knowledge."""
    names: set[str] = set()

    def counted(connection: Connection, table: str, one: KernelSet) -> tuple[list[str], list[str]]:
        names.add(one.name)
        return elements.elements(connection, table, one)

    with patch.object(reading, "elements", SimpleNamespace(elements=counted, sets=elements.sets)):
        found = reader.read()
    assert contents(found) == contents(read())
    return names


def contents(ruleset: Ruleset) -> dict[str, list[tuple[str, ...]]]:
    return {one.name: sorted(zip(*filter(None, (one.keys, one.values)), strict=True)) for one in ruleset.sets}


def test_what_nft_refuses_names_its_line(lab: Lab) -> None:
    (host,) = lab.namespaces("host")
    with host.entered():
        text = "add table inet flowc\n# a.flow:7\nadd rule inet flowc nowhere accept\n"
        with pytest.raises(LoadError) as error:
            load(text)
        assert (error.value.line, error.value.place) == (3, "a.flow:7")
        assert str(error.value).startswith("a.flow:7: nft: ")
        assert read() == NO_TABLE
