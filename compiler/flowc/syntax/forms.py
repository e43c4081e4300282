"""Mistakes in how a value is written: it is clear what is meant, but it has another form here."""

# ruff: noqa: RUF001 - the characters that look like others are what this is about

from __future__ import annotations

import ipaddress
import re

from flowc.diagnostics import fixes
from flowc.syntax import codes
from flowc.syntax.problem import Problem, Repair, Situation
from flowc.syntax.scan import BAD_STRING, END, JUNK, OPEN_STRING, WRONG_SYMBOL
from flowc.syntax.wording import character, found, place, shown, wanted

SAME = {
    "_ARROW": frozenset({"=>", "-->"}),
    "_BOTH": frozenset({"->", "=>", "-->", "<=>", "<-->"}),
    "EQUAL": frozenset({":=", "=="}),
}
"""What can stand for nothing else; `<-` and `<->` for an arrow would turn it round, or say less than was meant."""

_PORTS_OF = frozenset({"tcp", "udp", "sctp", "udplite"})
_QUOTES_HELP = 'a name with other characters than letters, digits, `_`, `-` and `.` needs quotes: "{}"'

LOOKALIKES = {
    **dict.fromkeys("“”„‟«»‘’‚‛`´'", 'quotes are written `"`'),
    **dict.fromkeys("‐‑‒–—―−", "a dash is written `-`"),
    **dict.fromkeys("→⇒➔➜⟶", "an arrow is written `->`"),
    **dict.fromkeys("↔⇔⟷", "an arrow both ways is written `<->`"),
    "，": "a comma is written `,`",
    "；": "a semicolon is written `;`",
}
"""Characters that word processors and web pages put in place of those of the language."""


def bad_string(at: Situation) -> Problem | None:
    """An open quote, or something in the quotes that cannot be printed."""
    if at.word.type == OPEN_STRING:
        text = at.word.split("\r")[0].rstrip()
        message, help = "this quote is not closed", 'add the missing `"` in the same line'
        span = at.word.span.source.span(at.word.span.start, at.word.span.start + len(text))
        repair = Repair((("STRING", f'{text}"'),))
        return Problem(codes.OPEN_STRING, message, span, help=help, repairs=[repair])
    if at.word.type == BAD_STRING:
        offset = next(i for i, char in enumerate(at.word) if not char.isprintable())
        start = at.word.span.start + offset
        message = f"{character(at.word[offset])} inside quotes"
        repair = Repair((("STRING", "".join(filter(str.isprintable, at.word))),))
        span = at.word.span.source.span(start, start + 1)
        return Problem(codes.BAD_CHARACTER, message, span, help="remove it", repairs=[repair])
    return None


def bad_character(at: Situation) -> Problem | None:
    """Something that is in no word of the language and looks like something that is, or like nothing."""
    if at.word.type != JUNK:
        return None
    for offset, char in enumerate(at.word):
        if char in LOOKALIKES:
            help = LOOKALIKES[char]
        elif not char.isprintable() or char.isspace():
            help = "replace it by a space" if char.isspace() else "remove it"
        else:
            continue
        start = at.word.span.start + offset
        what = f"`{char}`" if char in LOOKALIKES else character(char)
        span = at.run if char in LOOKALIKES else at.word.span.source.span(start, start + 1)
        return Problem(codes.BAD_CHARACTER, f"{what} is not part of the language", span, help=help)
    return None


def arrow(at: Situation) -> Problem | None:
    """`=>`, `<-` or `=` where another arrow or `=` has to stand."""
    symbols = {"_ARROW": "->", "_BOTH": "<->", "EQUAL": "="}
    wanted_symbols = [kind for kind in symbols if kind in at.accepted]
    if at.word.type not in {WRONG_SYMBOL, *symbols} or len(wanted_symbols) != 1 or not at.fed:
        return None
    kind = wanted_symbols[0]
    helps = {
        "_ARROW": "one way is written `->`",
        "_BOTH": "an EIP translates both ways, which is written `<->`",
        "EQUAL": "a name is given a value with `=`",
    }
    message = f"expected `{symbols[kind]}` {place(at.fed, at.block)}, not {found(at.word)}"
    return Problem(
        codes.SYNTAX,
        message,
        at.word.span,
        help=helps[kind],
        repairs=[Repair(((kind, symbols[kind]),), sure=True)],
        fix=fixes.replace(f"write `{symbols[kind]}`", at.word.span, symbols[kind])
        if at.word.span.text in SAME[kind]
        else None,
    )


def semicolon_in_set(at: Situation) -> Problem | None:
    """A set goes on over lines, but `;` ends a statement."""
    if at.word.type != "_SEP" or not at.in_set:
        return None
    span = at.word.span.source.span(at.word.span.start, at.word.span.start + 1)
    return Problem(codes.SYNTAX, "`;` inside a set", span, help="the members of a set are separated by `,`")


def ipv6_with_port(at: Situation) -> Problem | None:
    """`2001:db8::1:12865` cannot be told from an address."""
    text = at.run.text
    head, _, port = text.rpartition(":")
    if (
        text.count(":") < 3
        or not re.fullmatch(r"[0-9]{1,5}(-[0-9]{1,5})?", port)
        or not is_ipv6(head.partition("/")[0])
    ):
        return None
    back, ahead = at.words_in(at.run)
    ports = [("INT", part) for part in port.split("-")]
    words = [("LSQB", "["), ("IPADDR", head), ("RSQB", "]"), ("COLON", ":"), ports[0]]
    if len(ports) == 2:
        words += [("MINUS", "-"), ports[1]]
    return Problem(
        codes.WRONG_FORM,
        "an IPv6 address with a port needs brackets",
        at.run,
        help=f"an IPv6 address with a port is written [{head}]:{port}",
        repairs=[Repair(tuple(words), back, ahead)],
    )


def is_ipv6(text: str) -> bool:
    """An IPv6 address by itself."""
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def ports_without_braces(at: Situation) -> Problem | None:
    """`tcp 80, 443`: a comma separates protocols there, so several ports need braces."""
    if at.word.type != "INT" or not at.fed or at.fed[-1].type != "_COMMA" or "TCP" not in at.accepted:
        return None
    back = 0
    for word in reversed(at.fed):
        if word.type not in {"INT", "MINUS", "_COMMA"}:
            break
        back += 1
    if back == len(at.fed) or at.fed[-back - 1] not in _PORTS_OF:
        return None
    ahead = 0
    for word in at.ahead:
        behind_comma = bool(ahead) and at.ahead[ahead - 1].type == "_COMMA"
        if not (word.type == "INT" or (word.type in {"MINUS", "_COMMA"} and not behind_comma)):
            break
        ahead += 1
    if at.ahead[ahead - 1].type == "_COMMA":
        ahead -= 1
    ports = [*at.fed[-back:], *at.ahead[:ahead]]
    text = "".join(", " if word.type == "_COMMA" else str(word) for word in ports)
    words = [("LBRACE", "{"), *((word.type, str(word)) for word in ports), ("RBRACE", "}")]
    span = ports[0].span.to(ports[-1].span)
    return Problem(
        codes.WRONG_FORM,
        f"several ports behind `{at.fed[-back - 1]}` need braces",
        span,
        help=f"port lists need braces: {{{text}}}",
        repairs=[Repair(tuple(words), back, ahead, sure=True)],
        fix=fixes.replace("put braces around them", span, f"{{{span.text}}}"),
    )


def port_range_with_colon(at: Situation) -> Problem | None:
    """`20000:29999` is nft's and iptables' habit."""
    if at.word.type != "COLON" or not at.fed or at.fed[-1].type != "INT" or "MINUS" not in at.accepted:
        return None
    low, high = at.fed[-1], at.ahead[1] if len(at.ahead) > 1 else at.word
    if high.type != "INT":
        return None
    help = f"a range of ports is written {low}-{high}"
    return Problem(
        codes.WRONG_FORM,
        "`:` in a range of ports",
        at.run,
        help=help,
        repairs=[Repair((("MINUS", "-"),))],
        fix=fixes.replace(f"write `{low}-{high}`", at.word.span, "-"),
    )


def port_without_protocol(at: Situation) -> Problem | None:
    """`accept 80`."""
    if at.word.type != "INT" or not at.fed or "PROTOCOL" not in at.accepted:
        return None
    message = f"expected a protocol before the port `{at.word}`"
    repair = Repair((("TCP", "tcp"), ("INT", str(at.word))))
    return Problem(codes.SYNTAX, message, at.run, help=f"say which one: `tcp {at.word}`", repairs=[repair])


def mac_form(at: Situation) -> Problem | None:
    """A MAC address with dashes or dots, or without anything."""
    if "MACADDR" not in at.accepted or at.word.type == END:
        return None
    digits = re.sub(r"[-.:]", "", at.run.text).lower()
    if not re.fullmatch(r"[0-9a-f]{12}", digits):
        return None
    mac = ":".join(digits[i : i + 2] for i in range(0, 12, 2))
    back, ahead = at.words_in(at.run)
    message = f"{shown(at.run.text)} is not written as a MAC address"
    repair = Repair((("MACADDR", mac),), back, ahead, sure=True)
    fix = fixes.replace(f"write `{mac}`", at.run, mac)
    return Problem(codes.WRONG_FORM, message, at.run, help=f"write {mac}", repairs=[repair], fix=fix)


def address_form(at: Situation) -> Problem | None:
    """`10/8`, `10.0.0.x`, `10.0.0.1/24/3`, `fe80::1%eth0`: meant as an address, and none."""
    text = at.run.text
    numeric = re.fullmatch(r"[0-9]+(\.\w*)*(/\w*)*", text) or (text.count(":") > 1 and ":" in text)
    behind = at.run.start < at.word.span.start and bool(at.fed) and at.fed[-1].type == "IPADDR"
    if not (numeric or behind) or at.word.type == "IPADDR" or not ({"IPADDR"} & at.accepted or behind):
        return None
    back, ahead = at.words_in(at.run)
    meant = None
    help = "an address is four numbers, a prefix has its length behind it: 10.0.0.0/8"
    if "%" in text:
        meant = text.partition("%")[0]
        help = f"leave the scope out: {meant}"
    elif re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}/[0-9]+", text):
        prefix, _, length = text.partition("/")
        meant = f"{'.'.join([*prefix.split('.'), '0', '0', '0'][:4])}/{length}"
        help = f"write all four numbers: {meant}"
    elif ":" in text:
        help = "an IPv6 address is up to eight groups of hexadecimal digits: 2001:db8::1"
    repairs = [Repair((("IPADDR", meant),), back, ahead)] if meant else []
    return Problem(codes.WRONG_FORM, f"{shown(text)} is not an address", at.run, help=help, repairs=repairs)


def text_in_quotes(at: Situation) -> Problem | None:
    """`include base.flow`, `log internet-in`."""
    if "STRING" not in at.accepted or "NAME" in at.accepted or at.word.type not in {"NAME", JUNK, "INT"}:
        return None
    if at.complete and at.word in at.keywords:
        return None
    back, ahead = at.words_in(at.run)
    text = at.run.text
    message = f"expected a text in quotes {place(at.fed, at.block)}, not {shown(text)}"
    repair = Repair((("STRING", f'"{text}"'),), back, ahead)
    return Problem(codes.SYNTAX, message, at.run, help=f'write "{text}"', repairs=[repair])


def empty_set(at: Situation) -> Problem | None:
    """`{}` and `{80, , 443}`."""
    if not at.in_set or at.word.type not in {"RBRACE", "_COMMA"} or at.fed[-1].type not in {"LBRACE", "_COMMA"}:
        return None
    message = "a set needs a member" if at.fed[-1].type == "LBRACE" else "a member is missing between two commas"
    span = at.fed[-1].span.to(at.word.span)
    return Problem(codes.SYNTAX, message, span)


def symbol_in_name(at: Situation) -> Problem | None:
    """`a/b` and `vm@home`: the name ends before the symbol, without quotes."""
    adjacent = bool(at.fed) and at.fed[-1].type == "NAME" and at.fed[-1].span.end == at.word.span.start
    if not adjacent or at.word.type not in {"SLASH", JUNK} or not at.run.text.isprintable():
        return None
    back, ahead = at.words_in(at.run)
    message = f"{shown(at.run.text)} is not a name without quotes"
    repair = Repair((("STRING", f'"{at.run.text}"'),), back, ahead)
    return Problem(codes.NAME_NEEDS_QUOTES, message, at.run, help=_QUOTES_HELP.format(at.run.text), repairs=[repair])


def quotes(at: Situation) -> Problem | None:
    """A name that needs quotes: `4g`, `10-net`, `büro`."""
    if "NAME" not in at.accepted or at.word.type not in {JUNK, "INT", "VERSION"} or '"' in at.run.text:
        return None
    text = at.run.text
    back, ahead = at.words_in(at.run)
    if not any(char.isalnum() for char in text):
        return None
    if "INT" in at.accepted and at.word.type != JUNK:
        return None
    help = f'a name that starts with a digit needs quotes: "{text}"' if text[0].isdigit() else _QUOTES_HELP.format(text)
    message = f"expected {wanted(at.fed, at.block, at.accepted, at.lalr.spelling)} {place(at.fed, at.block)}, not {shown(text)}"
    repair = Repair((("STRING", f'"{text}"'),), back, ahead, sure=True)
    fix = fixes.replace(f'write `"{text}"`', at.run, f'"{text}"') if "IPADDR" not in at.accepted else None
    return Problem(codes.NAME_NEEDS_QUOTES, message, at.run, help=help, repairs=[repair], fix=fix)
