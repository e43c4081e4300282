"""What is wrong with a statement, said to a person.

Each explainer looks at one kind of mistake and returns None if it is not that one; the first that knows the answer
wins, so the special ones stand before the general ones. An explainer may also say how to mend the statement, which is
used for reading on and for nothing else.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence

from flowc.diagnostics import fixes
from flowc.source import Span
from flowc.syntax import codes, forms, translations
from flowc.syntax.problem import Problem, Repair, Situation
from flowc.syntax.scan import END
from flowc.syntax.wording import found, listed, place, shown, wanted

SYNONYMS = {
    "allow": "accept",
    "permit": "accept",
    "pass": "accept",
    "deny": "drop",
    "block": "drop",
    "discard": "drop",
    "src": "from",
    "dst": "to",
    "dest": "destination",
    "gateway": "via",
    "gw": "via",
    "dev": "device",
    "nic": "device",
    "iface": "interface",
    "ip": "address",
    "addr": "address",
    "ether": "mac",
    "vni": "key",
    "masq": "masquerade",
    "neighbour": "neighbor",
    "rule": "policy",
    "firewall": "policy",
    "set": "let",
    "define": "let",
    "const": "let",
    "bridged": "bridge",
    "src-nat": "snat",
    "dst-nat": "dnat",
    "forward": "dnat",
}
"""Words of other tools; only said where the keyword can stand."""

NOUNS = {"": "statement", "host": "statement", "policy": "action", "nat": "translation", "test": "step"}
"""What a statement of a block is called; in the other blocks, an option."""


def suggestion(word: str, candidates: Iterable[str]) -> str | None:
    """The keyword that was probably meant."""
    known = list(candidates)
    lower = word.lower()[:80]
    if lower in known:
        return lower
    if SYNONYMS.get(lower) in known:
        return SYNONYMS[lower]
    close = difflib.get_close_matches(lower, known, n=1, cutoff=0.6)
    if close:
        return close[0]
    longer = [keyword for keyword in known if len(lower) > 1 and keyword.startswith(lower)]
    return longer[0] if len(longer) == 1 else None


def explain(at: Situation) -> Problem:
    """The problem, from the first explainer that knows it."""
    for explainer in EXPLAINERS:
        problem = explainer(at)
        if problem is not None:
            return problem
    return unexpected(at)


def separator(at: Situation) -> Problem | None:
    """Two statements in one line."""
    if not at.complete or at.word not in at.lalr.starters(at.block) or at.word.type == "STRING":
        return None
    message = f"expected a new line or `;` before {found(at.word)}"
    help = "statements are separated by a new line or `;`"
    repair = Repair((("_SEP", ";"),), ahead=0)
    return Problem(codes.MISSING_SEPARATOR, message, at.word.span, help=help, repairs=[repair])


def first_word(at: Situation) -> Problem | None:
    """A statement that starts with a word no statement starts with here."""
    if at.fed or at.word.type in {"RBRACE", END}:
        return None
    starters = at.lalr.starters(at.block)
    homes = at.lalr.homes(at.word) if at.word.type != "STRING" else []
    meant = suggestion(at.word, starters)
    span = at.run
    what = shown(span.text) if at.word.type in {"JUNK", "INT", "VERSION"} else found(at.word)
    if at.word in at.lalr.starters("") and at.block:
        message = f"{what} cannot stand inside `{at.block}`"
        help = f"is the `}}` of the `{at.block}` block missing before it?"
        if len(homes) > 1:
            help = f"in `{at.block}` stand " + listed([f"`{word}`" for word in sorted(starters)], "and")
        return Problem(codes.MISPLACED_STATEMENT, message, span, help=help)
    if homes and at.block in {"", "host"}:
        blocks = listed([f"`{home}`" for home in homes])
        message = f"{what} stands only inside {blocks}"
        help = "has a `}` before it closed the block too early?"
        return Problem(codes.MISPLACED_STATEMENT, message, span, help=help)
    unknown = f"unknown {NOUNS[at.block]} {what}" if at.block in NOUNS else f"unknown option {what} of {at.block}"
    if meant is not None:
        repairs = [Repair(((at.lalr.keywords[meant], meant),))]
        return _misspelt(unknown, span, meant, repairs)
    if at.block:
        help = f"in `{at.block}` stand " + listed([f"`{word}`" for word in sorted(starters)], "and")
        if at.block == "host":
            help = "in `host` stand `kernel`, `offload`, `datapath` and all declarations"
    else:
        help = "a statement starts with " + listed([f"`{word}`" for word in sorted(starters)])
    return Problem(codes.UNKNOWN_STATEMENT, unknown, span, help=help)


def misspelt(at: Situation) -> Problem | None:
    """A word inside a statement that is close to a keyword."""
    if at.word.type != "NAME" or not at.fed:
        return None
    meant = suggestion(at.word, at.keywords)
    if meant is None:
        return None
    message = f"unknown word {found(at.word)} {place(at.fed, at.block)}"
    return _misspelt(message, at.word.span, meant, [Repair(((at.lalr.keywords[meant], meant),))])


def misspelt_before(at: Situation) -> Problem | None:
    """A misspelt keyword that could pass for a name, as `tpc` in `accept tpc 80`: the error is noticed behind it."""
    if len(at.fed) < 2 or at.fed[-1].type != "NAME" or at.word.type in {"_SEP", END}:
        return None
    before = at.fed[-1]
    kinds = at.accepted_before & at.lalr.spelling.keys()
    meant = suggestion(before, [at.lalr.spelling[kind] for kind in kinds if _follows(at, kind)])
    if meant is None:
        return None
    message = f"unknown word {found(before)} {place(at.fed[:-1], at.block)}"
    return _misspelt(message, before.span, meant, [Repair(((at.lalr.keywords[meant], meant),), back=1, ahead=0)])


def _misspelt(message: str, word: Span, meant: str, repairs: Sequence[Repair]) -> Problem:
    """A keyword was meant; for certain, where only capital letters are in the way."""
    if word.text.lower() == meant:
        help = f"keywords are written in lower case: `{meant}`"
        fix = fixes.replace(f"write `{meant}`", word, meant)
        return Problem(codes.MISSPELT_KEYWORD, message, word, help=help, repairs=repairs, fix=fix)
    return Problem(codes.MISSPELT_KEYWORD, message, word, help=f"did you mean `{meant}`?", repairs=repairs)


def _follows(at: Situation, kind: str) -> bool:
    """True if the word would fit behind such a keyword, wherever that stands."""
    return at.lalr.can_follow(kind, at.word.type)


def from_or_to(at: Situation) -> Problem | None:
    """`accept tcp 80 vm75`: source or destination."""
    if at.word.type not in {"NAME", "IPADDR", "STRING"} or not at.complete or not {"FROM", "TO"} <= at.accepted:
        return None
    message = f"expected `from` or `to` before {found(at.word)}"
    help = f"write `from {at.word}` or `to {at.word}`"
    repairs = [Repair((("TO", "to"),), ahead=0)]
    return Problem(codes.SYNTAX, message, at.word.span, help=help, repairs=repairs)


def unexpected(at: Situation) -> Problem:
    """The general case: what is expected, from the grammar."""
    end_of_line = at.word.type in {"_SEP", END}
    span = at.run
    what = found(at.word) if end_of_line or span == at.word.span else shown(span.text)
    if end_of_line and at.fed:
        # Behind the last word, not behind the comment that may follow it.
        span = at.fed[-1].span
    if not at.fed:
        return Problem(codes.SYNTAX, f"unexpected {what}", span)
    where = place(at.fed, at.block)
    expected = wanted(at.fed, at.block, at.accepted, at.lalr.spelling)
    if at.complete:
        following = sorted(at.lalr.spelling[kind] for kind in at.accepted if kind in at.lalr.spelling)
        help = "statements end at the end of the line or at `;`"
        if following:
            help = "what can follow is " + listed([f"`{word}`" for word in following]) + ", or the end of the line"
        return Problem(codes.SYNTAX, f"unexpected {what} {where}", span, help=help)
    message = f"expected {expected} {where}" + ("" if end_of_line else f", not {what}")
    needed = at.accepted - at.lalr.spelling.keys()  # before a block's `{` there may be words that nobody has to say
    inserted = [
        Repair(((kind, at.lalr.spelling.get(kind, text)),), ahead=0)
        for kind, text in (("_ARROW", "->"), ("_BOTH", "<->"), ("LBRACE", "{"), ("EQUAL", "="), ("COLON", ":"))
        if {kind} in (at.accepted, needed)
    ]
    if len(at.accepted) == 1 and at.accepted <= at.lalr.spelling.keys():
        (only,) = at.accepted
        inserted.append(Repair(((only, at.lalr.spelling[only]),), ahead=0))
    return Problem(codes.SYNTAX, message, span, help=_example(at), repairs=inserted)


EXAMPLES = {
    "host": "host gw1 { offload software }",
    "vrf": "vrf acme { table 1000 }",
    "interface": "interface uplink { device eth0; address 10.0.0.1/24 }",
    "tunnel": "tunnel gre1000 { type gretap; key 1000; local 10.0.0.1; remote 10.0.0.2 }",
    "endpoint": "endpoint vm75 { address 10.0.0.75; interface vms }",
    "neighbor": "neighbor 10.0.0.2 on uplink managed",
    "route": "route default via 10.0.0.2",
    "zone": "zone tenant { interface vms }",
    "pool": "pool public 2.2.2.0/24 at internet",
    "eip": "eip 2.2.2.11 <-> vm75",
    "service": "service web = tcp {80, 443}",
    "let": "let offices = {10.1.0.0/16, 10.2.0.0/16}",
    "policy": "policy internet -> tenant { accept tcp 80 }",
    "nat": "nat tenant -> internet { masquerade }",
    "test": 'test "web is open" { tcp 10.0.0.1:40000 -> 2.2.2.11:80 from internet; expect accept }',
    "snat": "snat 10.0.0.0/24 -> 2.2.2.12",
    "dnat": "dnat tcp 2.2.2.12:8080 -> vm75:80",
    "limit": "limit 10/second",
    "vlan": "vlan 10 on uplink",
    "kernel": "kernel 6.1",
}
"""One short example for each statement, for the help line."""


def _example(at: Situation) -> str | None:
    if at.fed[-1].type == "RSQB":
        return "brackets stand around an IPv6 address with a port: [2001:db8::1]:80"
    if at.in_set:
        return "the members of a set are separated by `,`"
    clause = next((word for word in reversed(at.fed) if word in {"limit", "vlan", "kernel"}), None)
    if clause is not None:
        return f"for example: {EXAMPLES[clause]}"
    example = EXAMPLES.get(str(at.fed[0])) if at.block in {"", "host", "nat"} else None
    return f"for example: {example}" if example else None


EXPLAINERS: tuple[Callable[[Situation], Problem | None], ...] = (
    forms.bad_string,
    forms.bad_character,
    forms.semicolon_in_set,
    forms.empty_set,
    forms.ports_without_braces,
    forms.port_range_with_colon,
    forms.port_without_protocol,
    translations.source_with_from,
    translations.masquerade_to,
    translations.to_for_arrow,
    translations.port_behind_address,
    separator,
    first_word,
    forms.mac_form,
    forms.ipv6_with_port,
    forms.address_form,
    forms.arrow,
    forms.symbol_in_name,
    forms.quotes,
    forms.text_in_quotes,
    misspelt,
    misspelt_before,
    from_or_to,
)
