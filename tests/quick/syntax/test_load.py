"""Files, and the files they include."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.quick.syntax.helpers import printed, statements

from flowc.diagnostics import Diagnostics
from flowc.files import MAX_BYTES
from flowc.syntax import tree
from flowc.syntax.load import MAX_INCLUDE_DEPTH, UnreadableFile, load


def loaded(files: Mapping[str, str | bytes], *tops: str) -> tuple[list[tree.File], list[str]]:
    """The trees and diagnostics of files that exist only here."""

    def read(path: Path) -> bytes:
        text = files.get(str(path))
        if text is None:
            raise FileNotFoundError(2, "No such file or directory")
        return text.encode() if isinstance(text, str) else text

    diagnostics = Diagnostics()
    trees = load(tops or ["main.flow"], diagnostics, read)
    return trees, printed(diagnostics)


def test_an_include_is_replaced_by_what_the_file_declares() -> None:
    files = {"main.flow": 'vrf a {}\ninclude "sub/b.flow"\nvrf d {}', "sub/b.flow": "vrf b {}\nvrf c {}"}
    (file,), errors = loaded(files)
    assert statements(file) == ["(Vrf a [])", "(Vrf b [])", "(Vrf c [])", "(Vrf d [])"]
    assert errors == []
    assert [str(statement.span) for statement in file.statements] == [
        "main.flow:1", "sub/b.flow:1", "sub/b.flow:2", "main.flow:3",
    ]  # fmt: skip


def test_paths_are_relative_to_the_including_file_and_named_from_the_top_ones_folder() -> None:
    files = {
        "net/main.flow": 'include "sub/b.flow"',
        "net/sub/b.flow": 'include "c.flow"; include "../d.flow"',
        "net/sub/c.flow": "vrf c {}",
        "net/sub/../d.flow": "vrf d {}",
    }
    (file,), errors = loaded(files, "net/main.flow")
    assert errors == []
    assert [str(statement.span) for statement in file.statements] == ["net/sub/c.flow:1", "net/d.flow:1"]


def test_a_file_is_taken_once() -> None:
    files = {
        "main.flow": 'include "b.flow"; include "c.flow"; include "./b.flow"',
        "b.flow": 'include "c.flow"; vrf b {}',
        "c.flow": "vrf c {}",
    }
    trees, errors = loaded(files, "main.flow", "c.flow")
    assert [statements(file) for file in trees] == [["(Vrf c [])", "(Vrf b [])"]]
    assert errors == []


def test_an_include_in_a_host_declares_for_this_host_and_once_in_each_host() -> None:
    files = {
        "main.flow": 'host a { include "b.flow"; vrf x {} }\nhost b { include "b.flow"; include "b.flow" }',
        "b.flow": "vrf b {}",
    }
    (file,), errors = loaded(files)
    assert statements(file) == ["(Host a [] [(Vrf b []) (Vrf x [])])", "(Host b [] [(Vrf b [])])"]
    assert errors == []


def test_a_host_in_a_file_that_a_host_includes_is_an_error() -> None:
    files = {"main.flow": 'host a {\n include "b.flow" }', "b.flow": "vrf b {}\nhost c { vrf d {} }"}
    (file,), errors = loaded(files)
    assert statements(file) == ["(Host a [] [(Vrf b [])])"]
    (error,) = errors
    assert error.startswith(
        "b.flow:2:6: FC022 host `c` is declared in a file that host `a` includes | line 2: included"
    )


def test_a_host_file_may_be_included_outside_of_hosts() -> None:
    files = {"main.flow": 'include "b.flow"', "b.flow": 'host c { include "d.flow" }', "d.flow": "vrf d {}"}
    (file,), errors = loaded(files)
    assert statements(file) == ["(Host c [] [(Vrf d [])])"]
    assert errors == []


def test_cycles_are_reported_at_the_include() -> None:
    assert loaded({"main.flow": 'include "main.flow"\nvrf a {}'})[1] == [
        "main.flow:1:1: FC021 `main.flow` includes itself"
    ]
    files = {"main.flow": 'include "b.flow"', "b.flow": 'vrf b {}\ninclude "c.flow"', "c.flow": 'include "b.flow"'}
    (file,), errors = loaded(files)
    assert statements(file) == ["(Vrf b [])"]
    assert errors == ["c.flow:1:1: FC021 `b.flow` includes itself | line 2: which is included here"]


@pytest.mark.parametrize("path", ["nowhere.flow", "a/b/../c.flow", "/no/such", "x" * 5000, "", "."])
def test_an_include_that_cannot_be_read_is_reported_and_the_rest_is_kept(path: str, tmp_path: Path) -> None:
    top = tmp_path / "main.flow"
    top.write_text(f'include "{path}"\nvrf a {{}}')
    diagnostics = Diagnostics()
    (file,) = load([top], diagnostics)
    assert statements(file) == ["(Vrf a [])"]
    (error,) = printed(diagnostics)
    assert error.startswith(f"{top}:1:9: FC020 cannot include ")
    assert file.may_declare("anything")


def test_an_include_that_is_not_text_is_reported_at_the_include_with_the_byte() -> None:
    (file,), errors = loaded({"main.flow": 'vrf a {}\ninclude "b.flow"', "b.flow": b"# \xc3\xa4\n\xff\xfe"})
    assert statements(file) == ["(Vrf a [])"]
    assert errors == [
        "main.flow:2:9: FC023 `b.flow` is not UTF-8 text | line 2: the first byte that is not UTF-8 | save it as UTF-8"
    ]


def test_a_top_file_that_is_not_text_is_a_located_error() -> None:
    (file,), errors = loaded({"main.flow": "vrf ä {}\nvrf ".encode() + b"\x80 {}"})
    assert file.statements == ()
    assert errors == ["main.flow:2:5: FC023 the file is not UTF-8 text | save it as UTF-8"]
    _, errors = loaded({"main.flow": "vrf a {}".encode("utf-16")})
    assert errors == ["main.flow:1:1: FC023 the file is not UTF-8 text | it looks like UTF-16: save it as UTF-8"]


def test_a_top_file_that_cannot_be_read_is_an_exception(tmp_path: Path) -> None:
    for path in [tmp_path / "nowhere.flow", tmp_path, Path("x" * 5000), Path("a\0b")]:
        with pytest.raises(UnreadableFile, match=r"^cannot read .*: ."):
            load([path], Diagnostics())
    assert issubclass(UnreadableFile, OSError)


@pytest.mark.parametrize("endless", [False, True])
def test_no_more_than_the_bound_is_read_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endless: bool
) -> None:
    large = Path("/dev/zero") if endless else tmp_path / "large.flow"
    if not endless:
        with large.open("wb") as holes:
            holes.truncate(MAX_BYTES + 1)
    with pytest.raises(UnreadableFile) as refused:
        load([large], Diagnostics())
    assert str(refused.value) == f"cannot read {large}: it is larger than 64 MiB"
    with large.open("rb") as stdin:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stdin))
        with pytest.raises(UnreadableFile, match="cannot read -: it is larger than 64 MiB"):
            load(["-"], Diagnostics())
    top = tmp_path / "main.flow"
    top.write_text(f'include "{large}"\nvrf a {{}}')
    diagnostics = Diagnostics()
    (file,) = load([top], diagnostics)
    assert statements(file) == ["(Vrf a [])"]
    (error,) = printed(diagnostics)
    reason = "it is no regular file" if endless else "it is larger than 64 MiB"
    assert error.startswith(f"{top}:1:9: FC020 cannot include `{large}`: {reason}")


def test_an_included_hyphen_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"vrf a {}")))
    Path("main.flow").write_text('include "-"')
    diagnostics = Diagnostics()
    load(["main.flow"], diagnostics)
    (error,) = printed(diagnostics)
    assert "cannot include `-`: No such file" in error


@pytest.mark.parametrize("statement", ["include", "eips from"])
def test_nobody_is_waited_for_who_writes_to_an_included_fifo(tmp_path: Path, statement: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "main.flow").write_text(f'{statement} "fifo"')
    diagnostics = Diagnostics()
    load([tmp_path / "main.flow"], diagnostics)
    (error,) = printed(diagnostics)
    assert "fifo`: it is no regular file" in error


def test_errors_of_included_files_are_located_there() -> None:
    (file,), errors = loaded(
        {"main.flow": 'include "b.flow"\nvrf a {}', "b.flow": "zone lan { intrface x y }\nvrf b {}"}
    )
    assert [error.partition(" ")[0] for error in errors] == ["b.flow:1:12:"]
    assert statements(file)[1:] == ["(Vrf b [])", "(Vrf a [])"]
    assert file.may_declare("y")
    assert file.is_damaged(file.statements[0].span)


def test_all_line_ends_and_a_byte_order_mark_are_read() -> None:
    (file,), errors = loaded({"main.flow": b"\xef\xbb\xbfvrf a {}\r\nvrf b {}\rvrf c {}\n"})
    assert [str(statement.span) for statement in file.statements] == ["main.flow:1", "main.flow:2", "main.flow:3"]
    assert errors == []


def test_includes_nest_to_a_limit() -> None:
    files: dict[str, str | bytes] = {f"{n}.flow": f'include "{n + 1}.flow"' for n in range(500)}
    _, errors = loaded(files, "0.flow")
    assert errors == [f"{MAX_INCLUDE_DEPTH}.flow:1:1: FC012 files include files more than {MAX_INCLUDE_DEPTH} deep"]


def test_a_dash_is_the_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "b.flow").write_text("vrf b {}")
    monkeypatch.chdir(tmp_path)
    stdin = io.TextIOWrapper(io.BytesIO(b'include "b.flow"\nvrf a {}'))
    monkeypatch.setattr(sys, "stdin", stdin)
    (file,) = load(["-"], Diagnostics())
    assert [str(statement.span) for statement in file.statements] == ["b.flow:1", "<stdin>:2"]


def test_a_source_knows_its_path_for_the_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "main.flow").write_text('include "sub/b.flow"')
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.flow").write_text("vrf b {}")
    (file,) = load([tmp_path / "main.flow"], Diagnostics())
    assert file.statements[0].span.source.path == tmp_path / "sub" / "b.flow"
