"""docs/offload.md has the kernel versions that the code goes by."""

from __future__ import annotations

from itertools import pairwise

from tests.quick.docs.pages import REPO, Page

from flowc.ir.kernel import CHANGES, Change, text

PAGE = Page(REPO / "docs" / "offload.md")


def row(change: Change) -> str:
    source = change.source if change.source.startswith("https:") else f"https://git.kernel.org/linus/{change.source}"
    name = "mail" if change.source.startswith("https:") else change.source
    return f"| {text(change.since)} | {change.what} | {change.before} | [{name}]({source}) |"


def test_the_table_of_kernels_is_that_of_the_code() -> None:
    lines = PAGE.path.read_text(encoding="utf-8").splitlines()
    start = lines.index("| since | what holds from then on | before | source |") + 2
    assert lines[start : start + len(CHANGES)] == [row(change) for change in CHANGES]
    assert not lines[start + len(CHANGES) :]


def test_changes_are_in_the_order_of_their_versions() -> None:
    assert all(one.since <= other.since for one, other in pairwise(CHANGES))
