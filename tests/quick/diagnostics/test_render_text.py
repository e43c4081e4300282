"""What a person reads: the exact text underlined, related places, notes and help, whatever the line holds."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from flowc.diagnostics import Code, Diagnostic, Diagnostics, Label, Severity
from flowc.diagnostics.columns import Line, width
from flowc.diagnostics.render_text import counts, render_one, render_text
from flowc.source import Source, Span

ERROR = Code("FC101", "unknown-name", Severity.ERROR, "")
WARNING = Code("FC301", "no-zone", Severity.WARNING, "")
NOTE = Code("FC901", "implied", Severity.NOTE, "")

SOURCE = Source(
    "gw.flow",
    """host gw1 { kernel 6.1 }
interface vms { device tap75; address 10.0.0.1/24 }

zone tenant { interface vsm }
zone other { interface vms }
""",
)


def of(source: Source, text: str, occurrence: int = 0) -> Span:
    start = -1
    for _ in range(occurrence + 1):
        start = source.text.index(text, start + 1)
    return source.span(start, start + len(text))


def show(span: Span, label: str = "", **more: object) -> str:
    return render_one(Diagnostic(ERROR, "it is wrong", Label(span, label), **more))  # type: ignore[arg-type]


def test_the_text_in_question_is_underlined() -> None:
    finding = Diagnostic(
        ERROR,
        "there is no interface `vsm`",
        Label(of(SOURCE, "vsm"), "not declared"),
        notes=("interfaces are declared with `interface NAME { ... }`",),
        help="did you mean `vms`?",
    )
    assert render_one(finding) == (
        "error[FC101 unknown-name]: there is no interface `vsm`\n"
        " --> gw.flow:4:25\n"
        "  |\n"
        "4 | zone tenant { interface vsm }\n"
        "  |                         ^^^ not declared\n"
        "  |\n"
        "  = note: interfaces are declared with `interface NAME { ... }`\n"
        "  = help: did you mean `vms`?\n"
    )


def test_related_places_of_the_file_stand_in_its_order() -> None:
    related = (Label(of(SOURCE, "vms"), "declared here"), Label(of(SOURCE, "vms", 1), "and used here"))
    assert show(of(SOURCE, "vsm"), "here", related=related) == (
        "error[FC101 unknown-name]: it is wrong\n"
        " --> gw.flow:4:25\n"
        "  |\n"
        "2 | interface vms { device tap75; address 10.0.0.1/24 }\n"
        "  |           --- declared here\n"
        "...\n"
        "4 | zone tenant { interface vsm }\n"
        "  |                         ^^^ here\n"
        "5 | zone other { interface vms }\n"
        "  |                        --- and used here\n"
    )


def test_related_places_on_the_same_line_share_it() -> None:
    assert show(of(SOURCE, "10.0.0.1/24"), "again", related=(Label(of(SOURCE, "tap75"), "first"),)) == (
        "error[FC101 unknown-name]: it is wrong\n"
        " --> gw.flow:2:39\n"
        "  |\n"
        "2 | interface vms { device tap75; address 10.0.0.1/24 }\n"
        "  |                        ----- first\n"
        "  |                                       ^^^^^^^^^^^ again\n"
    )


def test_related_places_of_another_file_follow_under_its_name() -> None:
    other = Source("common.flow", "\n" * 9 + "zone tenant { }\n")
    assert show(of(SOURCE, "tenant"), "again", related=(Label(of(other, "tenant"), "first here"),)) == (
        "error[FC101 unknown-name]: it is wrong\n"
        "  --> gw.flow:4:6\n"
        "   |\n"
        " 4 | zone tenant { interface vsm }\n"
        "   |      ^^^^^^ again\n"
        "  ::: common.flow:10:6\n"
        "   |\n"
        "10 | zone tenant { }\n"
        "   |      ------ first here\n"
    )


def test_an_empty_span_at_the_end_of_the_file_is_one_caret() -> None:
    source = Source("gw.flow", "zone tenant {")
    assert show(source.span(13, 13), "expected `}`").endswith("1 | zone tenant {\n  |              ^ expected `}`\n")


def test_an_empty_file_has_a_place_too() -> None:
    assert show(Source("gw.flow", "").span(0, 0)) == (
        "error[FC101 unknown-name]: it is wrong\n --> gw.flow:1:1\n  |\n1 |\n  | ^\n"
    )


def test_a_span_of_several_lines_shows_its_first() -> None:
    source = Source("gw.flow", "zone tenant {   \n  interface vms\n}\n")
    assert show(source.span(5, len(source.text))).endswith("1 | zone tenant {\n  |      ^^^^^^^^\n")


def test_tabs_and_wide_and_combining_characters_keep_the_caret_below_its_text() -> None:
    source = Source("gw.flow", "zone\t\u4e2d\u6587e\u0301 x\n")
    lines = show(of(source, "x")).splitlines()
    assert lines[-2] == "1 | zone    \u4e2d\u6587e\u0301 x"
    assert lines[-1] == "  | " + " " * (8 + 4 + 1 + 1) + "^"


def test_control_characters_do_not_reach_the_terminal() -> None:
    source = Source("g\x1b[2Jw.flow", "zone \x1b[31mred\u202e x\n")
    text = render_one(
        Diagnostic(ERROR, "no \x1b[0m name", Label(of(source, "x"), "l\x07"), notes=("\x9b",), help="\u2066")
    )
    assert not [char for char in text if unicodedata.category(char) in ("Cc", "Cf") and char != "\n"]


def test_a_long_line_is_cut_around_the_text() -> None:
    source = Source("gw.flow", "let all = {" + ", ".join(f"10.0.{i}.0/24" for i in range(200)) + "}\n")
    lines = show(of(source, "10.0.150.0/24"), "again").splitlines()
    shown, mark = lines[-2], lines[-1]
    assert len(shown) <= 4 + 120
    assert shown.startswith("1 | ...")
    assert shown.endswith("...")
    start = shown.index("10.0.150.0/24")
    assert mark == "  | " + " " * (start - 4) + "^" * 13 + " again"


def test_a_long_text_in_a_long_line_shows_its_beginning() -> None:
    source = Source("gw.flow", "x" * 50 + "y" * 500)
    lines = show(source.span(50, 550)).splitlines()
    assert len(lines[-2]) <= 4 + 120
    assert lines[-1].strip(" |") == "^" * lines[-2].count("y")


def test_messages_of_several_lines_are_indented() -> None:
    text = show(of(SOURCE, "vsm"), notes=("one\ntwo",))
    assert "  = note: one\n          two\n" in text


def test_color_is_only_paint() -> None:
    finding = Diagnostic(WARNING, "m", Label(of(SOURCE, "vsm"), "l"), (Label(of(SOURCE, "vms")),), ("n",), "h")
    painted = render_one(finding, color=True)
    assert "\x1b[1;33mwarning[FC301 no-zone]\x1b[0m" in painted
    plain = painted
    for code in ("0", "1", "1;33", "1;34"):
        plain = plain.replace(f"\x1b[{code}m", "")
    assert plain == render_one(finding)


def test_findings_are_apart_and_counted() -> None:
    diagnostics = Diagnostics()
    assert counts(diagnostics) == "no findings"
    for code in (ERROR, ERROR, WARNING, NOTE):
        diagnostics.report(code, f"message {len(diagnostics)}", of(SOURCE, "vsm"))
    assert counts(diagnostics) == "2 errors, 1 warning, 1 note"
    assert counts(diagnostics, notes=False) == "2 errors, 1 warning"
    assert render_text(diagnostics).count("\n\n") == 4


LINES = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("\t\n \u4e2d\u0301")), max_size=60)


def columns(text: str) -> int:
    return sum(map(width, text))


@given(LINES, st.integers(0, 60), st.integers(0, 60))
def test_any_span_of_any_text_has_its_mark_below_it(text: str, start: int, length: int) -> None:
    source = Source("gw.flow", text)
    start = min(start, len(text))
    shown, mark = show(source.span(start, min(start + length, len(text)))).splitlines()[-2:]
    position = source.position(start)
    before = "".join(Line(source.line_text(position.line)[: position.column - 1]).cells)
    assert mark.index("^") == len(str(position.line)) + 3 + columns(before)
    assert mark.count("^") >= 1
    assert shown.startswith(f"{position.line} |")


@given(LINES, st.integers(0, 60), st.integers(0, 60), st.integers(20, 40))
def test_no_line_is_wider_than_asked_for(text: str, start: int, length: int, limit: int) -> None:
    source = Source("gw.flow", text)
    start = min(start, len(text))
    label = Label(source.span(start, min(start + length, len(text))))
    for line in render_one(Diagnostic(ERROR, "m", label), width=limit).splitlines()[-2:]:
        assert columns(line) <= limit + 5
