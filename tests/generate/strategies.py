"""Whole files."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hypothesis import assume
from hypothesis import strategies as st
from tests.generate.drawing import Drawing, block
from tests.generate.expectations import draw_tests
from tests.generate.leaves import of_type
from tests.generate.links import draw_links
from tests.generate.policies import draw_policies
from tests.generate.routes import draw_routes
from tests.generate.translation import draw_translation
from tests.generate.zones import draw_machines, draw_zones

from flowc.api import CheckResult, check_files
from flowc.ir.network import Offload

MAIN = "drawn.flow"
"""The file that the others belong to."""
PART = "part.flow"
ANOTHER_HOST = """host other {
    interface up0 { device eth0; address 10.200.0.2/24 }
    interface own { device eth1; address 10.98.0.1/24 }
    zone outer { interface up0 }
    zone inner { interface own }
    pool public 203.0.113.0/24, 2001:db8:ff::/64 at outer
    eip 203.0.113.5 <-> 10.98.0.9
    policy outer -> inner { accept tcp 80 via eip }
}"""
"""It uses the same pool."""


@st.composite
def drawn(draw: st.DrawFn, *, loadable: bool = True, known: bool = False) -> str:
    """A file that is valid, nearly always. `loadable`: without what only special hardware takes; `known`: for tc."""
    return draw(drawn_parts(loadable=loadable, parted=st.just(False), known=known))[MAIN]


@st.composite
def drawn_parts(
    draw: st.DrawFn, *, loadable: bool = True, parted: st.SearchStrategy[bool] | None = None, known: bool = False
) -> dict[str, str]:
    """The same as `MAIN` and, where that is `parted`, the files that it names."""
    drawing = Drawing(draw, loadable, known, parted=draw(st.booleans() if parted is None else parted))
    if draw(st.integers(0, 99)) == 99:
        return {MAIN: ""}
    items = _host(drawing)
    draw_links(drawing)
    draw_zones(drawing)
    draw_machines(drawing)
    draw_routes(drawing)
    draw_translation(drawing)
    draw_policies(drawing)
    draw_tests(drawing)
    files = {**_tables(drawing), **_included(drawing)}
    declared = [*(f'{name.removesuffix(".csv")} from "{name}"' for name in files if name != PART), *drawing.lines]
    if drawing.rarely():
        statements = [line.replace("\n", "\n    ") for line in (*items, *declared)]
        declared = ["host gw {\n    " + "\n    ".join(statements) + "\n}", *([ANOTHER_HOST] if drawing.maybe() else [])]
    elif items or drawing.rarely():
        declared.insert(0, block("host gw", items))
    return {MAIN: "\n".join(declared) + "\n", **files}


@st.composite
def files(draw: st.DrawFn, *, loadable: bool = True) -> str:
    """A file that `flowc check` accepts."""
    text = draw(drawn(loadable=loadable))
    assume(not checked(text).diagnostics.has_errors)
    return text


@st.composite
def parts(draw: st.DrawFn, *, loadable: bool = True) -> dict[str, str]:
    """One or several files that `flowc check` accepts, by name."""
    found = draw(drawn_parts(loadable=loadable))
    assume(not checked_parts(found).diagnostics.has_errors)
    return found


def checked(text: str) -> CheckResult:
    """What `flowc check` says of a text."""
    return checked_parts({MAIN: text})


def checked_parts(texts: Mapping[str, str]) -> CheckResult:
    """The same of several."""
    with tempfile.TemporaryDirectory() as folder:
        return check_files([written(texts, Path(folder))])


def written(texts: Mapping[str, str], folder: Path) -> Path:
    """Put files into a folder; the first of them."""
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / MAIN


def _host(drawing: Drawing) -> list[str]:
    items = [f"kernel {drawing.one(('6.1', '6.6', '6.12'))}"] if drawing.maybe() else []
    if drawing.known:
        return [*items, "datapath tc"]
    offload = drawing.draw(of_type(Offload))
    if offload is not Offload.HARDWARE or not drawing.loadable:
        items += [f"offload {offload}"] if drawing.maybe() else []
    # What tc.batch refers to is filled in by apply.sh, and not all that load a file use it.
    datapaths = ("auto", "nft") if drawing.loadable else ("auto", "nft", "tc")
    items += [f"datapath {drawing.one(datapaths)}"] if drawing.rarely() else []
    return items


def _tables(drawing: Drawing) -> Mapping[str, str]:
    found = {}
    for table, rows in drawing.rows.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        found[f"{table}.csv"] = text.getvalue()
    return found


def _included(drawing: Drawing) -> dict[str, str]:
    """The last statements, in a file of their own."""
    if not drawing.parted or not drawing.maybe():
        return {}
    count = drawing.number(0, len(drawing.lines))
    moved = drawing.lines[len(drawing.lines) - count :]
    del drawing.lines[len(drawing.lines) - count :]
    drawing.say(f'include "{PART}"')
    return {PART: "\n".join([*moved, ""])}
