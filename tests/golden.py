"""Golden files: what flowc printed when somebody last read it and found it right.

`make golden` (pytest --update-golden) writes them anew; read the diff before committing it.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

Golden = Callable[[Path, str], None]


@pytest.fixture
def golden(update_golden: bool) -> Golden:
    """Compare a text with a golden file, or write the file."""

    def check(path: Path, text: str) -> None:
        if update_golden:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing: `make golden` writes it"
        assert text == path.read_text(encoding="utf-8"), f"differs from {path.name}; `make golden` if this is right"

    return check
