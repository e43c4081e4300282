"""A delta is all of the difference and nothing else: applied to the old state it gives the new one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

import pytest
from tests.generate import seeded
from tests.generate.strategies import MAIN
from tests.quick.delta.states import delta, states

from flowc.api import render
from flowc.backends.nft import ruleset
from flowc.delta import Changes, Delta
from flowc.delta.chains import applied_rules
from flowc.delta.filters import clsacts
from flowc.delta.routes import routes
from flowc.delta.rules import LOCAL_FIRST, LOCAL_LAST
from flowc.delta.sets import elements
from flowc.hoststate import HostState
from flowc.hoststate.ruleset import Ruleset

V = TypeVar("V")
FILES = 24


@pytest.fixture(scope="module")
def hosts() -> list[HostState]:
    found = [state for text in seeded.files(11, FILES) for state in states({MAIN: text}).values()]
    assert len(found) >= FILES
    return found


def gives(changes: Changes[V], old: Iterable[V], new: Iterable[V]) -> bool:
    kind = changes.kind
    then = {key: kind.values(one) for key, one in changes.applied(old).items()}
    return then == {kind.key(one): kind.values(one) for one in new}


def everything(found: Delta, old: HostState, new: HostState) -> Iterator[tuple[str, bool]]:
    """Whether each kind of object is then as it shall be."""
    for name in ("modules", "links", "sysctls", "addresses", "rules", "neighbors", "filters"):
        yield name, gives(getattr(found, name), getattr(old, name), getattr(new, name))
    yield "routes", gives(found.routes, routes(old), routes(new))
    before, after = ruleset(old), ruleset(new)
    for name in ("sets", "meters", "helpers", "chains"):
        yield name, gives(getattr(found, name), getattr(before, name), getattr(after, name))
    yield "flowtables", gives(found.flowtables, *([one.flowtable] if one.flowtable else [] for one in (before, after)))
    yield (
        "elements",
        gives(found.elements, *([e for one in side.sets for e in elements(one)] for side in (before, after))),
    )
    yield "qdiscs", gives(found.qdiscs, clsacts(old.filters), clsacts(new.filters))
    yield (
        "local_rule",
        gives(found.local_rule, *([LOCAL_LAST if one.local_rule_last else LOCAL_FIRST] for one in (old, new))),
    )
    yield (
        "chain_rules",
        rules_of(after)
        == {
            name: applied_rules(found.chain_rules, rules, name)
            for name in rules_of(after)
            for rules in [next((one.rules for one in before.chains if one.name == name), ())]
        },
    )


def rules_of(listed: Ruleset) -> dict[str, list[str]]:
    return {one.name: [rule.text for rule in one.rules] for one in listed.chains}


def loaded(state: HostState) -> list[str]:
    """The lines of all files, but for what is said to neighbours, and names."""
    texts = render(state, provenance=False)
    return sorted(line for name, text in texts.items() if name not in ("announce.pl", "apply.sh") for line in text.splitlines()
                  if not line.startswith("#") or line.startswith("#-6"))  # fmt: skip


def test_applied_to_the_old_state_it_gives_the_new_one(hosts: list[HostState]) -> None:
    for old, new in zip(hosts, [*hosts[1:], hosts[0]], strict=True):
        found = delta(old, new)
        wrong = [name for name, right in everything(found, old, new) if not right]
        assert not wrong
        assert {changes.kind.name for changes in found.kinds()} >= {"link", "element", "chain-rule"}


def test_a_state_and_itself_do_not_differ(hosts: list[HostState]) -> None:
    for one in hosts:
        assert len(delta(one, one)) == 0


def test_lines_that_move_are_no_difference() -> None:
    for text in seeded.files(12, FILES // 2):
        for old, new in zip(*(states({MAIN: one}).values() for one in (text, f"# moved\n\n{text}")), strict=True):
            assert len(delta(old, new)) == 0


@pytest.mark.slow
def test_it_is_empty_only_where_the_same_is_loaded() -> None:
    """Of a file and the same without one of its lines."""
    seen = {True: 0, False: 0}
    for number, text in enumerate(seeded.files(13, FILES)):
        lines = text.splitlines(keepends=True)
        for skip in range(number % 3, len(lines), 9):
            less = states({MAIN: "".join(lines[:skip] + lines[skip + 1 :])})
            for name, new in less.items():
                old = states({MAIN: text}).get(name)
                if old is not None:
                    same = loaded(old) == loaded(new)
                    assert (len(delta(old, new)) == 0) is same
                    seen[same] += 1
    assert min(seen.values()) > 2
