"""What is said to be translated before it, or never, is so for every packet: all sources of a small network are tried."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flowc.api import check_files

LAST = 15
"""The network is 10.0.0.0/28."""

HOST = """
interface lan { device eth1; address 10.0.0.14/28 }
interface wan { device eth0; address 192.0.2.1/24 }
zone inside { interface lan }
zone outside { interface wan }
pool public 203.0.113.0/24 at outside
policy inside -> outside { accept }
policy inside -> self { accept tcp 22 }
"""


@st.composite
def sources(draw: st.DrawFn) -> tuple[str, frozenset[int]]:
    """An operand as text, and the hosts of the network that it means. It may lie outside of it."""
    low = draw(st.integers(0, LAST + 4))
    high = draw(st.integers(low, min(low + 6, LAST + 4)))
    text = f"10.0.0.{low}-10.0.0.{high}" if high > low else f"10.0.0.{low}"
    meant = frozenset(range(low, high + 1))
    if draw(st.booleans()) and draw(st.booleans()):
        return f"not {text}", frozenset(range(256)) - meant
    return text, meant


@settings(derandomize=True, max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(
    [("10.0.0.1-10.0.0.3", frozenset({1, 2, 3})), ("10.0.0.2-10.0.0.5", frozenset({2, 3, 4, 5}))], [], frozenset(), 4
)
@given(
    snats=st.lists(sources(), max_size=4),
    masquerades=st.lists(sources(), max_size=2),
    owners=st.frozensets(st.integers(1, 13), max_size=4),
    prefix=st.sampled_from([None, 0, 4, 8]),
)
def test_what_is_never_used_translates_nobody(
    snats: list[tuple[str, frozenset[int]]],
    masquerades: list[tuple[str, frozenset[int]]],
    owners: frozenset[int],
    prefix: int | None,
) -> None:
    block = range(prefix, prefix + 4) if prefix is not None else range(0)
    owners -= set(block)
    lines = [f"eip 203.0.113.{owner} <-> 10.0.0.{owner}" for owner in sorted(owners)]
    lines += [f"eip 203.0.113.{prefix}/30 <-> 10.0.0.{prefix}/30"] if prefix is not None else []
    rules = [(f"snat {text} -> 203.0.113.{200 + at}", meant) for at, (text, meant) in enumerate(snats)]
    rules += [(f"masquerade {text}", meant) for text, meant in masquerades]
    first = len(HOST.splitlines()) + len(lines) + 2
    text = "\n".join([HOST.rstrip("\n"), *lines, "nat inside -> outside {", *(rule for rule, _ in rules), "}", ""])

    inside, taken = set(range(LAST + 1)), {*owners, *block}
    dead = set()
    for line, (_, meant) in enumerate(rules, first):
        # Also what is outside of the network counts as meant: a rule may be for what the network once becomes.
        if not meant & inside or not meant - taken:
            dead.add(line)
        else:
            taken |= meant
    with TemporaryDirectory() as folder:
        file = Path(folder) / "rules.flow"
        file.write_text(text, encoding="utf-8")
        reported = {
            one.primary.span.line
            for one in check_files([file]).diagnostics
            if one.code.name == "translation-never-used"
        }
    assert reported == dead
