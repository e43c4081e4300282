"""Files with mistakes in them: the examples, each changed in one place by one of many named ways to go wrong.

Some of the ways are what happens to people (a name changed where it is declared and nowhere else, a prefix with host
bits, an interface in two zones), some are brutal (half of the file, a quote too many). The same seed makes the same
files, and no file means the same as its origin: comments and spaces are left out of the comparison.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import cycle, pairwise
from pathlib import Path
from typing import NamedTuple

EXAMPLES = Path(__file__).parents[1] / "examples"
ACCEPTED = Path(__file__).with_name("mutations-accepted.txt")
"""The mutants that compile to something else than the examples and each other: what the kernel has to load."""
COUNT = 500
SEED = 2211
TRIES = 40  # places that a mistake is tried at before it is taken for impossible in a file


class Token(NamedTuple):
    kind: str
    text: str


class Mutant(NamedTuple):
    number: int
    mistake: str
    """Which way to go wrong."""
    origin: str
    """Name of the example."""
    text: str


TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*) | (?P<string>"[^"\n]*") | (?P<newline>\n) | (?P<space>[ \t]+)
      | (?P<mac>[0-9A-Fa-f]{1,2}(?::[0-9A-Fa-f]{1,2}){5})
      | (?P<address>[0-9]+(?:\.[0-9]+){3}(?:/[0-9]+)? | [0-9A-Fa-f]*(?::[0-9A-Fa-f]*){2,7}(?:/[0-9]+)?)
      | (?P<arrow><->|->) | (?P<number>[0-9]+(?:\.[0-9]+)?) | (?P<word>[A-Za-z_][\w.]*(?:-[\w.]+)*) | (?P<sign>.)""",
    re.VERBOSE,
)

NAMED = ("host", "vrf", "interface", "tunnel", "endpoint", "zone", "pool", "service", "let")
STATEMENTS = (*NAMED, "neighbor", "route", "eip", "policy", "nat", "test")
KEYWORDS = ("policy", "zone", "from", "to", "accept", "drop", "tcp", "on", "via", "{", "}", "->", ",")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
FOREIGN = "\N{LATIN SMALL LETTER A WITH DIAERESIS}\N{EN DASH}\N{NO-BREAK SPACE}\N{RIGHTWARDS ARROW}'`$%&|?*\\\x00\x1b("


class Text:
    """An example as words, and where in it things are."""

    def __init__(self, text: str) -> None:
        self.tokens = [Token(match.lastgroup or "", match[0]) for match in TOKEN.finditer(text)]
        solid = [i for i, token in enumerate(self.tokens) if token.kind not in ("comment", "space", "newline")]
        self.solid = solid
        """Indexes of all that is neither comment nor space."""
        self.statements = list(self._statements())
        """Top-level statements as (start, end) in the tokens."""
        self.declared = {
            self.tokens[self.after(start)].text: self.after(start)
            for start, _ in self.statements
            if self.tokens[start].text in NAMED and start != self.solid[-1]
        }
        """Names, and the index of the token that declares each."""

    def _statements(self) -> Iterator[tuple[int, int]]:
        depth, start = 0, None
        for index, (kind, text) in enumerate(self.tokens):
            if start is None and kind == "word":
                start = index
            depth += (text == "{") - (text == "}")
            if start is not None and depth == 0 and (kind == "newline" or index == len(self.tokens) - 1):
                yield start, index
                start = None

    def after(self, index: int, count: int = 1) -> int:
        """The index of the next solid token."""
        return self.solid[self.solid.index(index) + count]

    def of(self, *kinds: str) -> list[int]:
        return [i for i in self.solid if self.tokens[i].kind in kinds]

    def signs(self, *texts: str) -> list[int]:
        return [i for i in self.solid if self.tokens[i].text in texts]

    def references(self) -> list[int]:
        """Names where they are used."""
        places = set(self.declared.values())
        return [i for i in self.of("word") if self.tokens[i].text in self.declared and i not in places]

    def behind(self, *keywords: str) -> list[int]:
        """What stands behind a keyword."""
        return [self.after(i) for i in self.signs(*keywords) if i != self.solid[-1]]

    def options(self) -> list[tuple[int, int]]:
        """Inner statements as (start, end): what stands between `{`, `;`, newline and `}`."""
        found: list[tuple[int, int]] = []
        for start, end in self.statements:
            begin: int | None = None
            depth = 0
            for index in range(start, end + 1):
                kind, text = self.tokens[index]
                closes = kind == "newline" or text in (";", "}")
                depth -= text == "}"
                if begin is not None and closes and depth <= 1:
                    found.append((begin, index))
                    begin = None
                elif begin is None and depth == 1 and kind == "word":
                    begin = index
                depth += text == "{"
        return found

    def slice(self, start: int, end: int) -> str:
        return "".join(token.text for token in self.tokens[start:end])

    def with_tokens(self, changes: dict[int, str]) -> str:
        """The text with some tokens replaced."""
        return "".join(changes.get(index, token.text) for index, token in enumerate(self.tokens))

    def without(self, start: int, end: int) -> str:
        return self.slice(0, start) + self.slice(end, len(self.tokens))

    def with_inserted(self, at: int, text: str) -> str:
        return self.slice(0, at) + text + self.slice(at, len(self.tokens))


Mistake = Callable[[Text, random.Random], str | None]
"""Makes a text of a text; None where it cannot be made in this one."""


def replaced(places: list[int], text: Text, rng: random.Random, how: Callable[[str], str]) -> str | None:
    """The text with one of these tokens changed."""
    if not places:
        return None
    chosen = rng.choice(places)
    return text.with_tokens({chosen: how(text.tokens[chosen].text)})


# ---- what happens to fingers and editors


def deleted_token(text: Text, rng: random.Random) -> str | None:
    return replaced(text.solid, text, rng, lambda _: "")


def doubled_token(text: Text, rng: random.Random) -> str | None:
    return replaced(text.solid, text, rng, lambda old: f"{old} {old}")


def swapped_tokens(text: Text, rng: random.Random) -> str | None:
    first = rng.choice(text.solid[:-1])
    second = text.after(first)
    return text.with_tokens({first: text.tokens[second].text, second: text.tokens[first].text})


def misspelt_word(text: Text, rng: random.Random) -> str | None:
    def misspell(word: str) -> str:
        at = rng.randrange(len(word))
        letter = rng.choice(LETTERS)
        ways = [
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
        ]
        return rng.choice(ways) or letter

    return replaced(text.of("word"), text, rng, misspell)


def missing_brace(text: Text, rng: random.Random) -> str | None:
    return replaced(text.signs("{", "}"), text, rng, lambda _: "")


def brace_too_many(text: Text, rng: random.Random) -> str | None:
    return replaced(text.solid, text, rng, lambda old: old + rng.choice("{}"))


def missing_quote(text: Text, rng: random.Random) -> str | None:
    return replaced(text.of("string"), text, rng, lambda old: old[1:] if rng.random() < 0.5 else old[:-1])


def quote_too_many(text: Text, rng: random.Random) -> str | None:
    return replaced(text.solid, text, rng, lambda old: f'{old}"')


def missing_newline(text: Text, rng: random.Random) -> str | None:
    ends = [
        i
        for i, (kind, _) in enumerate(text.tokens[:-1])
        if kind == "newline"
        and i - 1 in text.solid
        and text.tokens[i - 1].text not in "{}"
        and text.tokens[i + 1].text not in "}\n"
    ]
    return replaced(ends, text, rng, lambda _: " ")


def newline_too_many(text: Text, rng: random.Random) -> str | None:
    free = ("{", "}", ";", ",", "->", "<->")  # a newline behind these changes nothing
    places = [
        after
        for before, after in pairwise(text.solid)
        if text.tokens[before].text not in free and text.tokens[after].text != "}"
    ]
    return replaced(places, text, rng, lambda old: f"\n{old}")


def missing_semicolon(text: Text, rng: random.Random) -> str | None:
    return replaced(text.signs(";"), text, rng, lambda _: "")


def foreign_character(text: Text, rng: random.Random) -> str | None:
    return replaced(text.solid, text, rng, lambda old: old + rng.choice(FOREIGN))


def truncated(text: Text, rng: random.Random) -> str | None:
    whole = text.slice(0, len(text.tokens))
    return whole[: rng.randrange(len(whole) // 4, len(whole) - 1)]


def pasted_word(text: Text, rng: random.Random) -> str | None:
    return replaced(text.solid, text, rng, lambda old: f"{old} {rng.choice(KEYWORDS)}")


def commented_out(text: Text, rng: random.Random) -> str | None:
    return replaced(text.of("word"), text, rng, lambda old: f"# {old}")


def merge_conflict(text: Text, rng: random.Random) -> str | None:
    start, end = rng.choice(text.statements)
    one = text.slice(start, end)
    return text.with_inserted(start, f"<<<<<<< ours\n{one}\n=======\n{one}\n>>>>>>> theirs\n")


# ---- numbers


def port_out_of_range(text: Text, rng: random.Random) -> str | None:
    places = [i for i in text.of("number") if text.tokens[i].text in ("22", "80", "443", "5001", "8080", "12865")]
    return replaced(places, text, rng, lambda _: rng.choice(["0", "70000", "65536", "99999999999"]))


def inverted_port_range(text: Text, rng: random.Random) -> str | None:
    dashes = [i for i in text.signs("-") if text.tokens[i - 1].kind == text.tokens[i + 1].kind == "number"]
    if not dashes:
        return None
    dash = rng.choice(dashes)
    return text.with_tokens({dash - 1: text.tokens[dash + 1].text, dash + 1: text.tokens[dash - 1].text})


def number_too_big(text: Text, rng: random.Random) -> str | None:
    return replaced(
        text.behind("key", "table", "limit"), text, rng, lambda _: rng.choice(["4294967296", "1" + "0" * 30])
    )


def number_too_small(text: Text, rng: random.Random) -> str | None:
    return replaced(text.behind("table", "limit", "port"), text, rng, lambda _: "0")


def kernels_own_table(text: Text, rng: random.Random) -> str | None:
    return replaced(text.behind("table"), text, rng, lambda _: rng.choice(["0", "253", "254", "255"]))


def number_of_another_kind(text: Text, rng: random.Random) -> str | None:
    wrong = ["-1", "1e3", "0x", "1_000", "1,000", "10s", "ten", "1.2.3"]
    return replaced(text.of("number"), text, rng, lambda old: old + "k" if rng.random() < 0.2 else rng.choice(wrong))


# ---- addresses


def _prefixes(text: Text) -> list[int]:
    return [i for i in text.of("address") if "/" in text.tokens[i].text]


def _plain(text: Text) -> list[int]:
    return [i for i in text.of("address") if "/" not in text.tokens[i].text]


def another_family(text: Text, rng: random.Random) -> str | None:
    return replaced(text.of("address"), text, rng, lambda old: "2001:db8::/64" if "/" in old else "2001:db8::75")


def host_bits(text: Text, rng: random.Random) -> str | None:
    networks = [i for i in _prefixes(text) if re.search(r"\.0/", text.tokens[i].text)]
    return replaced(networks, text, rng, lambda old: old.replace(".0/", f".{rng.randrange(1, 255)}/"))


def prefix_too_long(text: Text, rng: random.Random) -> str | None:
    return replaced(_prefixes(text), text, rng, lambda old: f"{old.split('/')[0]}/{rng.choice([33, 64, 129, 999])}")


def missing_prefix_length(text: Text, rng: random.Random) -> str | None:
    return replaced(_prefixes(text), text, rng, lambda old: old.split("/")[0])


def another_prefix_length(text: Text, rng: random.Random) -> str | None:
    lengths = [0, 1, 8, 12, 16, 23, 25, 30, 31, 32]
    return replaced(_prefixes(text), text, rng, lambda old: f"{old.split('/')[0]}/{rng.choice(lengths)}")


def prefix_for_an_address(text: Text, rng: random.Random) -> str | None:
    return replaced(_plain(text), text, rng, lambda old: f"{old}/24")


def broken_address(text: Text, rng: random.Random) -> str | None:
    def broken(old: str) -> str:
        parts = old.split(".")
        at = rng.randrange(len(parts) - 1)
        ways = [
            [*parts[:at], "256", *parts[at + 1 :]],
            [*parts[:at], f"0{parts[at]}", *parts[at + 1 :]],
            [*parts[:at], *parts[at + 1 :]],
            [*parts[:at], parts[at], *parts[at:]],
            [*parts[:at], "x", *parts[at + 1 :]],
        ]
        return ".".join(rng.choice(ways))

    return replaced([i for i in text.of("address") if "." in text.tokens[i].text], text, rng, broken)


def nobodys_address(text: Text, rng: random.Random) -> str | None:
    wrong = ["0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "::", "::1", "ff02::1"]  # noqa: S104
    return replaced(_plain(text), text, rng, lambda _: rng.choice(wrong))


def another_address(text: Text, rng: random.Random) -> str | None:
    """One that stands elsewhere in the file."""
    plain = _plain(text)
    return replaced(plain, text, rng, lambda _: text.tokens[rng.choice(plain)].text)


def interfaces_address_for_another(text: Text, rng: random.Random) -> str | None:
    own = [text.tokens[i].text.split("/")[0] for i in _prefixes(text)]
    return replaced(_plain(text), text, rng, lambda _: rng.choice(own))


def network_for_an_address(text: Text, rng: random.Random) -> str | None:
    end = rng.choice([".0", ".255"])
    return replaced(text.of("address"), text, rng, lambda old: re.sub(r"\.\d+(/\d+)?$", rf"{end}\1", old))


def broken_mac(text: Text, rng: random.Random) -> str | None:
    def broken(old: str) -> str:
        parts = old.split(":")
        ways = [parts[:-1], [*parts, "00"], [*parts[:-1], "zz"], ["53", *parts[1:]], ["ff"] * 6, ["00"] * 6,
                [*parts[:-1], "5"], [*parts[:-1], "123"]]  # fmt: skip
        return ":".join(rng.choice(ways)) if rng.random() < 0.8 else old.replace(":", "-")

    return replaced(text.of("mac"), text, rng, broken)


# ---- names


def unknown_name(text: Text, rng: random.Random) -> str | None:
    return replaced(text.references(), text, rng, lambda old: rng.choice([old + "2", old[:-1], "nobody", old.upper()]))


def renamed_declaration(text: Text, rng: random.Random) -> str | None:
    return replaced(sorted(text.declared.values()), text, rng, lambda old: old + "-new")


def name_of_another_kind(text: Text, rng: random.Random) -> str | None:
    return replaced(text.references(), text, rng, lambda _: rng.choice(sorted(text.declared)))


def swapped_names(text: Text, rng: random.Random) -> str | None:
    one, other = (rng.choice(text.references()) for _ in range(2))
    return text.with_tokens({one: text.tokens[other].text, other: text.tokens[one].text})


def keyword_for_a_name(text: Text, rng: random.Random) -> str | None:
    names = [*text.references(), *text.declared.values()]
    return replaced(names, text, rng, lambda _: rng.choice(["self", "any", "from", "log", "4g", "policy", "10.0.0.1"]))


def name_declared_twice(text: Text, rng: random.Random) -> str | None:
    return replaced(sorted(text.declared.values()), text, rng, lambda _: rng.choice(sorted(text.declared)))


def bad_device_name(text: Text, rng: random.Random) -> str | None:
    wrong = ["a-device-with-a-name", '"eth 0"', '"eth0:1"', '"a/b"', '""', "lo", "all", '"ethernet0ä"', '"-"']
    return replaced(text.behind("device"), text, rng, lambda _: rng.choice(wrong))


def device_of_another(text: Text, rng: random.Random) -> str | None:
    others = [*text.declared, *(text.tokens[i].text for i in text.behind("device")), "wlan0", "eth9"]
    return replaced(text.behind("device"), text, rng, lambda _: rng.choice(others))


# ---- declarations and what is in them


def deleted_declaration(text: Text, rng: random.Random) -> str | None:
    return text.without(*rng.choice(text.statements))


def doubled_declaration(text: Text, rng: random.Random) -> str | None:
    start, end = rng.choice(text.statements)
    return text.with_inserted(end, "\n" + text.slice(start, end))


def emptied_declaration(text: Text, rng: random.Random) -> str | None:
    start, end = rng.choice(text.statements)
    braces = [i for i in range(start, end) if text.tokens[i].text in "{}"]
    return text.without(braces[0] + 1, braces[-1]) if braces else None


def declaration_in_another(text: Text, rng: random.Random) -> str | None:
    start, end = rng.choice(text.statements)
    openings = text.signs("{")
    return text.with_inserted(rng.choice(openings) + 1, f"\n{text.slice(start, end)}\n")


def missing_option(text: Text, rng: random.Random) -> str | None:
    return text.without(*rng.choice(text.options()))


def repeated_option(text: Text, rng: random.Random) -> str | None:
    start, end = rng.choice(text.options())
    return text.with_inserted(end, f"; {text.slice(start, end)}")


def option_of_another(text: Text, rng: random.Random) -> str | None:
    one, other = rng.choice(text.options()), rng.choice(text.options())
    return text.with_inserted(one[1], f"; {text.slice(*other)}")


def interface_in_two_zones(text: Text, rng: random.Random) -> str | None:
    interfaces = [name for name, at in text.declared.items() if text.tokens[at - 2].text in ("interface", "tunnel")]
    zones = [start for start, _ in text.statements if text.tokens[start].text == "zone"]
    if not zones or not interfaces:  # those inside of host blocks are not seen
        return None
    brace = next(i for i in text.signs("{") if i > rng.choice(zones))
    return text.with_inserted(brace + 1, f" interface {rng.choice(interfaces)};")


def wrong_arrow(text: Text, rng: random.Random) -> str | None:
    return replaced(text.of("arrow"), text, rng, lambda old: rng.choice(["=>", "<-", "--", "", "to", "<->", "->"])
                    if rng.random() < 0.8 else old[::-1])  # fmt: skip


def reversed_pair(text: Text, rng: random.Random) -> str | None:
    arrows = text.of("arrow")
    arrow = rng.choice(arrows)
    before = text.solid[text.solid.index(arrow) - 1]
    after = text.after(arrow)
    return text.with_tokens({before: text.tokens[after].text, after: text.tokens[before].text})


def bare_list(text: Text, rng: random.Random) -> str | None:
    """The braces of a set left out."""
    sets = [i for i in text.signs("{") if text.tokens[text.after(i)].kind == "number"]
    if not sets:
        return None
    chosen = rng.choice(sets)
    return text.with_tokens({chosen: "", next(i for i in text.signs("}") if i > chosen): ""})


def bare_ports(text: Text, rng: random.Random) -> str | None:
    ports = [i for i in text.behind("tcp", "udp") if text.tokens[i].kind == "number"]
    return replaced(ports, text, rng, lambda old: f"{old}, {rng.randrange(1, 65535)}")


def wrong_clause(text: Text, rng: random.Random) -> str | None:
    clauses = [" from 10.0.0.0/33", " to nobody", " via", " limit 5", " limit 0/second", " limit 3/year", " log log",
               " offload offload", ' log "a\\b"', " helper nobody", " connections 0", " from not", " from {}",
               " from {10.0.0.1, 2001:db8::1} to 10.0.0.1", " from 10.0.0.1 to 2001:db8::1", " per source",
               " from 10.0.0.9-10.0.0.1", " counter counter", f" log \"{'x' * 200}\""]  # fmt: skip
    rules = text.signs("accept", "drop")
    rule = rng.choice(rules)
    end = next(
        i for i in range(rule, len(text.tokens)) if text.tokens[i].kind == "newline" or text.tokens[i].text == "}"
    )
    return text.with_inserted(end, rng.choice(clauses))


def policy_of_a_pair_twice(text: Text, rng: random.Random) -> str | None:
    blocks = [(start, end) for start, end in text.statements if text.tokens[start].text in ("policy", "nat")]
    if not blocks:
        return None
    start, end = rng.choice(blocks)
    head = text.slice(start, next(i for i in range(start, end) if text.tokens[i].text == "{"))
    return text.with_inserted(end, f"\n{head}{{ }}")


def other_languages(text: Text, rng: random.Random) -> str | None:
    lines = ["iptables -A FORWARD -j ACCEPT", "ip route add default via 10.0.0.1", "let x 10.0.0.1", "include missing",
             'include "missing.flow"', "policy a to b { }", "[section]", "- name: x", "accept tcp 80", "rule 1 { }",
             "zone dmz interface eth7", "set interfaces eth0", "nat { }", "vrf { table 7 }"]  # fmt: skip
    return text.with_inserted(rng.choice(text.statements)[0], rng.choice(lines) + "\n")


MISTAKES: tuple[Mistake, ...] = (
    deleted_token, doubled_token, swapped_tokens, misspelt_word, missing_brace, brace_too_many, missing_quote,
    quote_too_many, missing_newline, newline_too_many, missing_semicolon, foreign_character, truncated, pasted_word,
    commented_out, merge_conflict,
    port_out_of_range, inverted_port_range, number_too_big, number_too_small, kernels_own_table, number_of_another_kind,
    another_family, host_bits, prefix_too_long, missing_prefix_length, another_prefix_length, prefix_for_an_address,
    broken_address, nobodys_address, another_address, interfaces_address_for_another, network_for_an_address, broken_mac,
    unknown_name, renamed_declaration, name_of_another_kind, swapped_names, keyword_for_a_name, name_declared_twice,
    bad_device_name, device_of_another,
    deleted_declaration, doubled_declaration, emptied_declaration, declaration_in_another, missing_option,
    repeated_option, option_of_another, interface_in_two_zones, wrong_arrow, reversed_pair, bare_list, bare_ports,
    wrong_clause, policy_of_a_pair_twice, other_languages,
)  # fmt: skip


def meaning(text: str) -> tuple[str, ...]:
    """What a reader sees of a text: no comments, spaces and empty lines."""
    words: list[str] = []
    for token in Text(text).tokens:
        if token.kind == "newline":
            if words and words[-1] != "\n":
                words.append("\n")
        elif token.kind not in ("space", "comment"):
            words.append(token.text)
    return tuple(words)


ALIKE = re.compile(r", k1003.*?(?=\n})|\nvrf t1003 .*?(?=\ntest )", re.DOTALL)


@cache
def origins() -> dict[str, str]:
    """The examples by file name. Of a hundred tenants that are alike three are enough to make mistakes in."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.glob("*.flow"))}
    return texts | {"shared-tunnel.flow": ALIKE.sub("", texts["shared-tunnel.flow"])}


@cache
def mutants(count: int = COUNT, seed: int = SEED) -> tuple[Mutant, ...]:
    """So many different files, all mistakes in turn, each in all examples in turn."""
    rng = random.Random(seed)  # noqa: S311  # reproducible on purpose
    texts = {name: Text(whole) for name, whole in origins().items()}
    seen = {meaning(whole) for whole in origins().values()}
    found: list[Mutant] = []
    for turn, mistake in enumerate(cycle(MISTAKES)):
        if len(found) == count:
            break
        assert turn < 100 * count, f"there are not {count} different mutants"
        origin = list(texts)[turn // len(MISTAKES) % len(texts)]
        for _ in range(TRIES):
            text = mistake(texts[origin], rng)
            if text is None:
                break
            if (what := meaning(text)) not in seen:
                seen.add(what)
                found.append(Mutant(len(found), mistake.__name__.replace("_", " "), origin, text))
                break
    return tuple(found)


def accepted() -> list[Mutant]:
    """The mutants that `ACCEPTED` names. To find them takes flowc the time of 500 files; a test holds the list."""
    numbers = [int(line.split()[0]) for line in ACCEPTED.read_text(encoding="utf-8").splitlines()]
    everything = mutants()
    return [everything[number] for number in numbers]
