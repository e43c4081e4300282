"""Links and names in the documentation lead somewhere."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import PurePosixPath

import pytest
from tests.quick.docs.pages import REPO, Page, pages, place, slug

MODULE = re.compile(r"flowc(?:\.[A-Za-z_]\w*)+")
FILE_SUFFIXES = {".flow", ".j2", ".lark", ".md", ".py", ".sh", ".toml", ".txt"}
TOP = {"backends", "compiler", "docs", "examples", "grammar", "tests", ".ci"}

each_page = pytest.mark.parametrize("page", pages(), ids=place)


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("EIPs and pools", "eips-and-pools"),
        ("FC101 `unknown-name`", "fc101-unknown-name"),
        ("1. Three roots, one package", "1-three-roots-one-package"),
    ],
)
def test_anchors_are_those_of_github(heading: str, anchor: str) -> None:
    assert slug(heading) == anchor


@each_page
def test_internal_links_resolve(page: Page) -> None:
    broken = []
    for line, target in page.links():
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.path.parent / path).resolve() if path else page.path
        if not file.exists() or (anchor and anchor not in Page(file).anchors()):
            broken.append(f"{page}:{line}: {target}")
    assert broken == []


def exists(name: str) -> bool:
    """True if the dotted name is a module, or something that can be reached from one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        module = ".".join(parts[:length])
        try:
            if importlib.util.find_spec(module) is None:
                continue
        except ModuleNotFoundError:
            continue
        found: object = importlib.import_module(module)
        for attribute in parts[length:]:
            if not hasattr(found, attribute):
                return False
            found = getattr(found, attribute)
        return True
    return False


def test_a_name_that_is_gone_is_noticed() -> None:
    assert exists("flowc.lower.nft.conntrack.conntrack")
    assert not exists("flowc.lower.nft.conntrack.gone")
    assert not exists("flowc.gone")


@each_page
def test_every_module_and_function_named_exists(page: Page) -> None:
    named = [(line, code) for line, code in page.code_spans() if MODULE.fullmatch(code) and not is_file(code)]
    assert [f"{page}:{line}: {code}" for line, code in named if not exists(code)] == []


def is_file(code: str) -> bool:
    return PurePosixPath(code).suffix in FILE_SUFFIXES


@each_page
def test_every_path_named_exists(page: Page) -> None:
    """Those that start at the top of the checkout; `<host>` and `*` stand for anything."""
    missing = []
    for line, code in page.code_spans():
        if re.fullmatch(r"[\w./*<>{},-]+", code) and code.split("/")[0] in TOP and "/" in code:
            pattern = re.sub(r"<\w+>", "*", code).rstrip("/")
            if not (list(REPO.glob(pattern)) if "*" in pattern else (REPO / pattern).exists()):
                missing.append(f"{page}:{line}: {code}")
    assert missing == []
