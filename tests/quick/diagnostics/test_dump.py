"""JSON in ASCII: the same document, but for what is no character."""

from __future__ import annotations

import json
from unicodedata import category

from hypothesis import given
from hypothesis import strategies as st

from flowc.diagnostics.dump import dump


@given(st.text(st.characters() | st.characters(categories=["Cs"])))
def test_every_text_is_read_as_it_was_without_surrogates(text: str) -> None:
    written = dump({"text": text, "\\udcff": "\\"})
    assert written.isascii()
    read = json.loads(written)
    assert read["\\udcff"] == "\\"
    assert read["text"] == "".join("\ufffd" if category(one) == "Cs" else one for one in text)
