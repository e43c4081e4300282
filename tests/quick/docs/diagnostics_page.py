"""docs/diagnostics.md: the JSON format, with what is really printed.

`python -m tests.quick.docs.diagnostics_page` prints the page; `make golden` writes it.
"""

from __future__ import annotations

import os
import sys

from tests.quick.docs.pages import REPO

from flowc.diagnostics.render_json import VERSION, render_json
from flowc.explain import example
from flowc.explain.pages import diagnose
from flowc.resolve.codes import DUPLICATE_NAME

PAGE = REPO / "docs" / "diagnostics.md"

JSON_HEAD = f"""\
# Diagnostics for programs

<!-- Made from the code by `make golden`. -->

`flowc check --format json FILE` prints one JSON document on standard output; with `flowc compile` it goes to standard
error, because standard output may be a script. This is version {VERSION} of the format, whole:

"""

JSON_TAIL = """\
| key | |
|---|---|
| `version` | of the format. Within one version only new keys are added: ignore those you do not know |
| `code`, `name` | as in [what flowc finds](checks/README.md) |
| `severity` | `error`, `warning` or `note`; all notes are there, `-v` or not |
| `message` | one clause, without a full stop |
| `file` | as it was named on the command line; of an included file, as reached from there |
| `start`, `end` | `line` and `column` count from 1, `offset` from 0; all count characters, and `end` is behind the last one |
| `label` | what is said of the underlined text, or empty |
| `related` | other places that the message is about: `file`, `start`, `end` and `label` of each |
| `notes` | further facts, a list of texts |
| `help` | what to write instead, or null |

Diagnostics stand in the order of files and places.
"""


def page() -> str:
    """The whole page."""
    shown = example(DUPLICATE_NAME)
    document = render_json(diagnose(shown.bad, shown))
    return f"{JSON_HEAD}```json\n{document}```\n\n{JSON_TAIL}"


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUTF8", "1")
    sys.stdout.write(page())
