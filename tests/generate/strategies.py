"""Whole files."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import assume
from hypothesis import strategies as st
from tests.generate.drawing import Drawing, block
from tests.generate.leaves import of_type
from tests.generate.links import draw_links
from tests.generate.policies import draw_policies
from tests.generate.routes import draw_routes
from tests.generate.translation import draw_translation
from tests.generate.zones import draw_machines, draw_zones

from flowc.api import CheckResult, check_files
from flowc.ir.network import Offload


@st.composite
def drawn(draw: st.DrawFn, *, loadable: bool = True) -> str:
    """A file that is valid, nearly always. `loadable`: without what only special hardware takes."""
    drawing = Drawing(draw, loadable)
    _host(drawing)
    draw_links(drawing)
    draw_zones(drawing)
    draw_machines(drawing)
    draw_routes(drawing)
    draw_translation(drawing)
    draw_policies(drawing)
    return "\n".join(drawing.lines) + "\n"


@st.composite
def files(draw: st.DrawFn, *, loadable: bool = True) -> str:
    """A file that `flowc check` accepts."""
    text = draw(drawn(loadable=loadable))
    assume(not checked(text).diagnostics.has_errors)
    return text


def checked(text: str) -> CheckResult:
    """What `flowc check` says of a text."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "drawn.flow"
        file.write_text(text, encoding="utf-8")
        return check_files([file])


def _host(drawing: Drawing) -> None:
    items = [f"kernel {drawing.one(('6.1', '6.6', '6.12'))}"] if drawing.maybe() else []
    offload = drawing.draw(of_type(Offload))
    if offload is not Offload.HARDWARE or not drawing.loadable:
        items += [f"offload {offload}"] if drawing.maybe() else []
    items += [f"datapath {drawing.one(('auto', 'nft'))}"] if drawing.rarely() else []
    if items:
        drawing.say(block("host gw", items))
