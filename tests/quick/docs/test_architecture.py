"""docs/architecture.md says of the ruleset and of the imports what the template and the contract say."""

from __future__ import annotations

import re
import tomllib

from tests.quick.docs.pages import REPO, Page

PAGE = Page(REPO / "docs" / "architecture.md")
TEMPLATE = REPO / "backends" / "flowc" / "backends" / "nft" / "ruleset.nft.j2"

BASE_CHAIN = re.compile(
    r"chain (\w+) \{\n *type \w+ hook (\w+)(?: devices = \{.*\})? priority ([\w +-]+); policy|"
    r"(flowtable \w+) .*\n *hook (\w+) priority ([\w +-]+)\n"
)
ROW = re.compile(r"\| (?:(flowtable) )?`(\w+)` \| (\w+) \| ([\w +-]+) \| \S.*\|")


def test_every_base_chain_of_the_template_is_in_the_table_and_no_other() -> None:
    template = TEMPLATE.read_text(encoding="utf-8")
    in_template = {tuple(part for part in found if part) for found in BASE_CHAIN.findall(template)}
    rows = [found for line in PAGE.path.read_text(encoding="utf-8").splitlines() if (found := ROW.fullmatch(line))]
    in_table = {(" ".join(filter(None, row.group(1, 2))), *row.group(3, 4)) for row in rows}
    assert len(in_template) == template.count(" hook ")
    assert in_table == in_template


def test_layers_are_those_of_the_import_contract() -> None:
    tool = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (contract,) = (one for one in tool["contracts"] if one["id"] == "layers")
    present = {path.stem for path in REPO.glob("*/flowc/*") if not path.name.startswith("_")}
    expected = [
        " | ".join(name for name in re.findall(r"\((\w+)\)", layer) if name in present) for layer in contract["layers"]
    ]
    (block,) = (block for block in PAGE.blocks if block.language == "layers")
    assert block.text.splitlines() == [layer for layer in expected if layer]
