"""Workflow commands: what the runner reads back is what was found, and nothing can add a command of its own."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.golden import Golden
from tests.quick.diagnostics.findings import DUPLICATE, everything

from flowc.diagnostics import Diagnostic, Label
from flowc.diagnostics.columns import visible
from flowc.diagnostics.render_github import escape_message, escape_property, render_github
from flowc.source import Source

COMMAND = re.compile(r"::(?P<name>[a-z]+) (?P<properties>.*?)::(?P<message>.*)")

texts = st.text(st.characters(), max_size=60) | st.text(st.sampled_from("%25\r\n:,0ADaerror=[]#`"), max_size=60)


def unescaped(text: str) -> str:
    """What the runner makes of a message (actions/runner, src/Runner.Common/ActionCommand.cs)."""
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def unescaped_property(text: str) -> str:
    text = text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",")
    return text.replace("%25", "%")


def read(line: str) -> tuple[str, dict[str, str], str]:
    """A command as the runner reads it."""
    match = COMMAND.fullmatch(line)
    assert match is not None, line
    properties = dict(one.split("=", 1) for one in match["properties"].split(","))
    return match["name"], {key: unescaped_property(value) for key, value in properties.items()}, match["message"]


def test_the_commands_are_these(golden: Golden) -> None:
    golden(Path(__file__).with_name("expected") / "findings.github.txt", render_github(everything()))


def test_one_line_has_columns_and_several_have_none() -> None:
    commands = [read(line) for line in render_github(everything()).splitlines()]
    assert [name for name, _, _ in commands] == ["notice", "warning", "error"]
    assert [(one["line"], one["endLine"], one.get("col"), one.get("endColumn")) for _, one, _ in commands] == [
        ("2", "2", "1", "1"),
        ("2", "4", None, None),
        ("5", "5", "6", "7"),
    ]


@given(texts)
def test_any_text_survives(text: str) -> None:
    assert unescaped(escape_message(text)) == text
    assert unescaped_property(escape_property(text)) == text
    assert not set(escape_property(text)) & set("\r\n:,")


@given(texts, texts, texts)
def test_no_text_makes_a_second_command(name: str, message: str, help: str) -> None:
    source = Source(name or "x", "zone a {}\n")
    finding = Diagnostic(DUPLICATE, message, Label(source.span(5, 6), message), notes=(help,), help=help)
    lines = re.split(r"\r\n|\r|\n", render_github([finding, finding]))
    assert lines[0] == lines[1]
    assert lines[2:] == [""]
    kind, properties, _ = read(lines[0])
    assert kind == "error"
    assert (properties["file"], properties["title"]) == (visible(source.name), "FC102 duplicate-name")
