"""Comments that silence findings: which they silence, and what is said of those that do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.api import check_files, compile_files
from flowc.diagnostics import Code, Diagnostics, Severity
from flowc.repair import repair
from flowc.source import Source
from flowc.syntax import codes
from flowc.syntax.ignores import silence

WARNING = Code("FC999", "some-warning", Severity.WARNING, "")
OTHER = Code("FC998", "other-warning", Severity.WARNING, "")
NOTE = Code("FC997", "some-note", Severity.NOTE, "")
ERROR = Code("FC996", "some-error", Severity.ERROR, "")
SOMETIMES = Code("FC995", "of-facts", Severity.WARNING, "")
KNOWN = (WARNING, OTHER, NOTE, ERROR, SOMETIMES, codes.UNUSED_IGNORE)


def found(text: str, *codes: Code, word: str = "HERE") -> Diagnostics:
    """A finding of each code at each place of a word, as the comments of the text leave them."""
    source = Source("gw.flow", text)
    diagnostics = Diagnostics()
    start = text.find(word)
    while start >= 0:
        for code in codes or (WARNING,):
            diagnostics.report(code, "m", source.span(start, start + len(word)))
        start = text.find(word, start + 1)
    return silence([source], diagnostics, KNOWN, [SOMETIMES])


def names(diagnostics: Diagnostics) -> list[str]:
    return [item.code.name for item in diagnostics]


# ---- what is silenced


@pytest.mark.parametrize(
    "text",
    [
        "HERE # flowc: ignore[FC999] why\n",
        "HERE # flowc: ignore[some-warning] why",
        "HERE #flowc:ignore [ Some-Warning ]: why\n",
        "zone a { # flowc: ignore[FC998,FC999, unused-ignore] why\n}\n".replace("a", "HERE"),
        "# flowc: ignore[FC999] why\nHERE\n",
        "\t # flowc: ignore[FC999] why\n\n  # more\n ;\n  HERE",
        "# flowc: ignore[FC999] why\n# flowc: ignore[FC998,unused-ignore] why\nHERE\n",
        'zone "#" { HERE } # flowc: ignore[FC999] why\n',
    ],
)
def test_a_comment_silences_its_line_or_the_next_one(text: str) -> None:
    result = found(text)
    assert names(result) == []
    assert [(finding.code, reason) for finding, reason in result.silenced] == [(WARNING, "why")]


@pytest.mark.parametrize(
    "text",
    [
        "HERE\n# flowc: ignore[FC999] why\n",
        "zone a {} # flowc: ignore[FC999] why\nHERE\n",
        "# flowc: ignore[FC999] why\nzone a {\n  HERE\n}\n",
        "HERE # flowc: ignore[FC998] why\n",
    ],
)
def test_another_line_or_another_check_is_not_silenced(text: str) -> None:
    assert names(found(text)) in (["some-warning", "unused-ignore"], ["unused-ignore", "some-warning"])


@pytest.mark.parametrize(
    "text",
    [
        'HERE "# flowc: ignore[FC999] why"\n',
        'HERE "a" "# flowc: ignore[FC999] why" # more\n',
        "HERE # see # flowc: ignore[FC999] why\n",
        "HERE # flowc: ignored[FC999] why\n",
        'HERE "open # flowc: ignore[FC999] why\n',
    ],
)
def test_what_is_no_such_comment_counts_for_nothing(text: str) -> None:
    assert names(found(text)) == ["some-warning"]


@pytest.mark.parametrize(("line", "silenced"), [(0, True), (1, False), (2, True)])
def test_of_text_over_several_lines_the_first_and_the_last_one_count(line: int, *, silenced: bool) -> None:
    """So a comment may stand behind the `}` of what is reported as a whole."""
    lines = ["policy a -> b {", "    accept", "}"]
    lines[line] += " # flowc: ignore[FC999] why"
    text = "\n".join(lines)
    result = found(text, word=text[: text.index("}") + 1])
    assert bool(result.ignored) is silenced
    assert ("unused-ignore" in names(result)) is not silenced


def test_notes_can_be_silenced_and_what_is_silenced_is_no_finding() -> None:
    result = found("HERE # flowc: ignore[FC997] why\n", NOTE, WARNING)
    assert names(result) == ["some-warning"]
    assert result.count(Severity.NOTE) == 0
    assert [finding.code for finding in result.ignored] == [NOTE]


def test_a_text_without_such_comments_is_left_alone() -> None:
    source = Source("gw.flow", "zone a {} # a comment\n")
    diagnostics = Diagnostics()
    assert silence([source], diagnostics, KNOWN) is diagnostics


# ---- what is said of the comments


def test_errors_cannot_be_silenced() -> None:
    result = found("HERE # flowc: ignore[FC996] why\n", ERROR)
    assert names(result) == ["some-error", "ignore-of-error"]


@pytest.mark.parametrize("comment", ["", " FC999 why", "[] why", "[FC999,] why", "[FC999 why", "[,FC999] why"])
def test_what_names_no_check_in_brackets_is_malformed_and_silences_nothing(comment: str) -> None:
    assert names(found(f"HERE # flowc: ignore{comment}\n")) == ["some-warning", "malformed-ignore"]


def test_an_unknown_code_is_reported_with_what_may_be_meant() -> None:
    result = found("HERE # flowc: ignore[some-warnin] why\n")
    assert names(result) == ["some-warning", "ignore-of-unknown"]
    assert [item.help for item in result][1] == "did you mean `some-warning`?"
    assert [item.primary.span.text for item in result][1] == "some-warnin"


@pytest.mark.parametrize("reason", ["", " ", " :", " --"])
def test_a_missing_reason_is_reported_and_the_rest_holds(reason: str) -> None:
    result = found(f"HERE # flowc: ignore[FC999]{reason}\n")
    assert names(result) == ["ignore-without-reason"]
    assert [reason for _, reason in result.silenced] == [""]


def test_nothing_is_called_unused_while_there_are_errors() -> None:
    """Checks that look at whole networks have not run then."""
    assert names(found("HERE\nzone a {} # flowc: ignore[FC999] why\n", ERROR)) == ["some-error"]


def test_a_comment_at_the_end_of_the_file_is_unused() -> None:
    assert names(found("zone a {}\n# flowc: ignore[FC999] why\n# more")) == ["unused-ignore"]


def test_only_what_is_unused_is_called_so() -> None:
    result = found("HERE # flowc: ignore[FC998, FC999, FC997] why\n")
    (finding,) = result
    assert finding.message == "there is no `FC998` or `FC997` to ignore here"
    assert finding.fix is not None
    assert [edit.text for edit in finding.fix.edits] == ["FC999"]


def test_what_depends_on_more_than_the_files_is_never_called_unused() -> None:
    """Facts may be given today and not tomorrow."""
    assert names(found("zone a {} # flowc: ignore[of-facts] why\n")) == []
    (finding,) = found("zone a {} # flowc: ignore[of-facts, FC999] why\n")
    assert finding.message == "there is no `FC999` to ignore here"


def test_a_comment_may_say_that_it_is_unused_elsewhere() -> None:
    assert names(found("zone a {} # flowc: ignore[FC999, unused-ignore] only in gw2\n")) == []


# ---- in files

UNZONED = "interface {name} {{ device {name}; address 10.{number}.0.1/24 }}"


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return folder / "gw.flow"


def test_check_and_compile_silence_alike(tmp_path: Path) -> None:
    file = written(tmp_path, gw_flow=UNZONED.format(name="a", number=1) + " # flowc: ignore[FC202] why\n")
    for diagnostics in (check_files([file]).diagnostics, compile_files([file]).diagnostics):
        assert names(diagnostics) == []
        assert len(diagnostics.ignored) == 1


def test_a_file_that_several_hosts_include_is_one_file(tmp_path: Path) -> None:
    """Used for one of them is used, and what is wrong with it is said once."""
    common = UNZONED.format(name="a", number=1) + " # flowc: ignore[FC202, no-such] why\n"
    host = 'host {name} {{ include "common.flow"; {more} }}\n'
    text = host.format(name="gw1", more="") + host.format(name="gw2", more="zone z { interface a }")
    file = written(tmp_path, gw_flow=text, common_flow=common)
    diagnostics = check_files([file]).diagnostics
    assert [item for item in names(diagnostics) if item != "host-is-closed"] == ["ignore-of-unknown"]
    assert len(diagnostics.ignored) == 1


def test_a_table_has_such_comments_above_its_rows(tmp_path: Path) -> None:
    text = 'interface lan { device eth0; address 10.0.0.1/24 }\nzone z { interface lan }\nendpoints from "vms.csv"\n'
    rows = "name,address,interface\nvm1,10.0.0.5,lan\n# flowc: ignore[endpoint-off-link] moved soon\nvm2,10.9.0.5,lan\n"
    file = written(tmp_path, gw_flow=text + "policy z -> self { accept tcp 22 }\n", vms_csv=rows)
    diagnostics = check_files([file]).diagnostics
    assert names(diagnostics) == []
    assert [finding.primary.span.source.name for finding in diagnostics.ignored] == [str(tmp_path / "vms.csv")]


# ---- repairs


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("zone a {}  # flowc: ignore[FC202] why\nzone b {}\n", "zone a {}\nzone b {}\n"),
        ("zone a {}\n  # flowc: ignore[FC202] why\nzone b {}\n", "zone a {}\nzone b {}\n"),
        ("zone a {} # flowc: ignore[FC202] why", "zone a {}"),
        ("zone a {};# flowc: ignore[FC202] why\n", "zone a {};\n"),
    ],
)
def test_an_unused_comment_is_taken_away(before: str, after: str, tmp_path: Path) -> None:
    file = written(tmp_path, gw_flow=before)
    repair(check_files([file]).diagnostics)
    assert file.read_text(encoding="utf-8") == after
    assert "unused-ignore" not in names(check_files([file]).diagnostics)


# ---- any text

parts = st.sampled_from(
    [
        "# flowc: ignore",
        "flowc:",
        "[",
        "]",
        "FC999",
        "some-warning",
        ",",
        " ",
        "\n",
        '"',
        "#",
        "HERE",
        ";",
        "unused-ignore",
    ]
)


@given(st.lists(parts, max_size=40).map("".join))
def test_no_text_fails_and_no_finding_is_lost(text: str) -> None:
    result = found(text, WARNING, ERROR)
    about_comments = {codes.MALFORMED_IGNORE, codes.UNKNOWN_IGNORE, codes.IGNORED_ERROR}
    about_comments |= {codes.UNUSED_IGNORE, codes.UNEXPLAINED_IGNORE}
    left = [item for item in result if item.code not in about_comments]
    assert len(left) + len(result.ignored) == 2 * text.count("HERE")
    assert all(finding.code is WARNING for finding in result.ignored)


def test_comments_without_end_take_linear_time() -> None:
    """A quadratic scan of these would take minutes."""
    many = 100_000
    assert len(found("# flowc: ignore[FC999] why\n" * many).items) == many
    assert names(found('"# flowc: ignore[FC999] why" ' * many)) == []
    assert names(found(f"HERE # flowc: ignore[FC999{' ' * many}x] why\n")) == ["some-warning", "ignore-of-unknown"]
    assert len(found("#  flowc: ignore[x" + ",x" * many + "] why\n").items) == many + 1
