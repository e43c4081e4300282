"""Names for values, names for those, and so on."""

from pathlib import Path

import pytest

from flowc.api import check_files
from flowc.diagnostics import Severity

HEAD = "interface lan { device eth1; address 10.0.0.1/24 }\nzone inside { interface lan }\n"


def errors(text: str, folder: Path) -> set[str]:
    file = folder / "definitions.flow"
    file.write_text(HEAD + text, encoding="utf-8")
    return {one.code.name for one in check_files([file]).diagnostics if one.severity is Severity.ERROR}


@pytest.mark.parametrize(
    ("first", "next_", "use"),
    [
        ("let a0 = {10.0.0.1, 10.0.0.2}", "let a{} = {{a{}, a{}}}", "from a40"),
        ("let a0 = {1, 2}", "let a{} = {{a{}, a{}}}", "tcp a40"),
        ("service a0 = tcp 1, udp 2", "service a{} = a{}, a{}", "a40"),
    ],
)
def test_each_definition_is_read_once_however_often_it_is_used(
    first: str, next_: str, use: str, tmp_path: Path
) -> None:
    definitions = [first, *(next_.format(i + 1, i, i) for i in range(40))]
    policy = f"policy inside -> self {{ accept {use} }}"
    for text in (definitions, definitions[::-1]):
        assert errors("\n".join([*text, policy]), tmp_path) == set()


@pytest.mark.parametrize("kind", ["let a{} = a{}", "service a{} = a{}"])
def test_too_many_definitions_on_top_of_each_other_are_reported(kind: str, tmp_path: Path) -> None:
    last = "let a0 = 10.0.0.1" if kind.startswith("let") else "service a0 = tcp 1"
    text = "\n".join([*(kind.format(i + 1, i) for i in reversed(range(3000))), last])
    assert errors(text, tmp_path) == {"circular-definition"}


def test_a_next_hop_on_the_link_alone_needs_its_interface(tmp_path: Path) -> None:
    assert errors("route ::/0 via fe80::1 on lan", tmp_path) == set()
    assert errors("route ::/0 via fe80::1", tmp_path) == {"next-hop-not-on-link"}
    assert errors("endpoint gw { address fe80::1; interface lan }\nroute ::/0 via gw", tmp_path) == set()


@pytest.mark.parametrize(
    ("prefixes", "found"),
    [
        ("203.0.113.128/25, 203.0.113.0/26, 2001:db8::/64, 192.0.2.0/24", set()),
        ("203.0.113.0/25, 203.0.113.64/26", {"overlapping-pools"}),
        ("203.0.113.64/26, 203.0.113.0/25", {"overlapping-pools"}),
        ("2001:db8::/64, 2001:db8::/64", {"overlapping-pools"}),
    ],
)
def test_the_prefixes_of_a_pool_share_no_address(prefixes: str, found: set[str], tmp_path: Path) -> None:
    assert errors(f"pool public {prefixes} at inside", tmp_path) == found
