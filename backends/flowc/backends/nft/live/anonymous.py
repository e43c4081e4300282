"""Sets without a name that nft lists wrongly: of conntrack zones with addresses, where there are ranges.

nft 1.0.6 knows nothing of a part's length there, and shows `1000 . 10.0.1.0/24` as `0 . 3.232.0.0`, whatever the address
is. So what is between the braces is put there from the kernel's own elements, sorted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.wire import attribute, attributes, be_number, each, string
from flowc.backends.nft.live import elements, normal
from flowc.backends.nft.live.datatypes import INTEGER, IPV4, IPV6
from flowc.hoststate.ruleset import Chain, ChainRule

_LISTED = re.compile(r"(ct zone \. ip6? saddr (?:!= )?)\{ ([^{}]*) \}")
_TYPES = (INTEGER << 6 | IPV4, INTEGER << 6 | IPV6)
_GET_RULE = elements.SUBSYSTEM | 7
_TABLE, _CHAIN, _HANDLE, _EXPRESSIONS = 1, 2, 3, 4  # NFTA_RULE_*
_NAME, _DATA, _LOOKUP_SET = 1, 2, 1


def is_misread(rule: str) -> bool:
    """Whether there is such a set in a rule."""
    return _LISTED.search(rule) is not None


def given(rule: str, sets: Iterable[Iterable[str]]) -> str:
    """The rule with the elements of these, in the order of the rule."""
    waiting = iter(sets)
    return _LISTED.sub(lambda match: f"{match[1]}{{ {', '.join(sorted(next(waiting)))} }}", rule)


def written(rule: str) -> list[list[str]]:
    """Those of a rule as flowc writes it."""
    return [[normal.key(one) for one in match[2].split(", ")] for match in _LISTED.finditer(rule)]


def mended(
    connection: Connection, table: str, chains: Iterable[Chain], sets: Mapping[str, elements.KernelSet]
) -> Iterator[Chain]:
    """Chains as listed, with what the kernel has. Raises RefusedError; KeyError if a rule or set is not there any more."""
    for chain in chains:
        if not any(is_misread(rule.text) for rule in chain.rules):
            yield chain
            continue
        used = dict(_lookups(connection, table, chain.name))
        rules = (_mended(connection, table, rule, used, sets) for rule in chain.rules)
        yield Chain(chain.name, chain.hook, tuple(rules), chain.span)


def _mended(
    connection: Connection,
    table: str,
    rule: ChainRule,
    used: Mapping[int, list[str]],
    sets: Mapping[str, elements.KernelSet],
) -> ChainRule:
    if not is_misread(rule.text) or rule.handle is None:
        return rule
    mine = [sets[name] for name in used[rule.handle]]
    keys = [elements.elements(connection, table, one)[0] for one in mine if one.anonymous and one.key_type in _TYPES]
    if len(keys) != len(_LISTED.findall(rule.text)):
        return rule
    return rule._replace(text=given(rule.text, keys), written=given(rule.written or rule.text, keys))


def _lookups(connection: Connection, table: str, chain: str) -> Iterator[tuple[int, list[str]]]:
    """The sets that rules look up, by the handle of the rule."""
    named = attribute(_TABLE, f"{table}\0".encode()) + attribute(_CHAIN, f"{chain}\0".encode())
    for message in connection.dump(_GET_RULE, elements.INET + named):
        have = attributes(message, elements.BODY)
        names = []
        for _, start, end in each(have.get(_EXPRESSIONS, b"")):
            expression = attributes(have[_EXPRESSIONS], start, end)
            if string(expression.get(_NAME, b"")) == "lookup":
                names.append(string(attributes(expression[_DATA])[_LOOKUP_SET]))
        yield be_number(have[_HANDLE]), names
