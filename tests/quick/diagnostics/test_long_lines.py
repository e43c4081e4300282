"""Lines of megabytes, with a finding for every word of them."""

from hypothesis import given
from hypothesis import strategies as st

from flowc.diagnostics.columns import Line
from flowc.source import LONG, Source

plain = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E))


@given(plain)
def test_plain_text_is_measured_as_it_is_beside_other_text(text: str) -> None:
    alone, beside = Line(text), Line(text + "é")
    assert [*alone.cells] == [*beside.cells][:-1]
    assert [*alone.starts] == [*beside.starts][:-1]
    assert alone.window(0, 0, 10)[0] == beside.window(0, 0, 10)[0] == 0


def test_a_long_line_is_cut_out_of_its_file_once() -> None:
    long = "x" * LONG
    source = Source("t.flow", f"short\n{long}\r\nlast")
    assert [source.line_text(line) for line in (1, 2, 3)] == ["short", long, "last"]
    assert source.line_text(2) is source.line_text(2)
