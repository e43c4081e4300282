"""Which ends of tunnels between two hosts belong together, and what is said of those that do not."""

from pathlib import Path

import pytest

from flowc.api import check_files
from flowc.diagnostics import Diagnostic, Severity

LEFT = "interface wire { device eth0; address 192.0.2.1/24, 192.0.2.11/24, 2001:db8::1/64 }"
RIGHT = "interface wire { device eth0; address 192.0.2.2/24, 2001:db8::2/64 }"
TO_RIGHT, TO_LEFT = "local 192.0.2.1; remote 192.0.2.2", "local 192.0.2.2; remote 192.0.2.1"


def findings(left: str, right: str, folder: Path) -> list[Diagnostic]:
    """What is said of tunnels; every interface is in a zone, so that nothing else is."""
    file = folder / "two.flow"
    text = ""
    for host, declared in (("left", f"{LEFT}\n{left}"), ("right", f"{RIGHT}\n{right}")):
        names = [line.split()[1] for line in declared.splitlines() if line.startswith(("interface", "tunnel"))]
        text += f"host {host} {{\n{declared}\nzone all {{ interface {', '.join(names)} }}\n}}\n"
    file.write_text(text, encoding="utf-8")
    found = check_files([file]).diagnostics
    return [one for one in found if one.severity >= Severity.WARNING and one.code.name != "not-supported-yet"]


MIRRORED = {
    "one key": (f"tunnel a {{ type gretap; key 7; {TO_RIGHT} }}", f"tunnel b {{ type gretap; key 7; {TO_LEFT} }}"),
    "no key": (f"tunnel a {{ type gre; {TO_RIGHT} }}", f"tunnel b {{ type gre; {TO_LEFT} }}"),
    "a key for each way": (
        f"tunnel a {{ type gretap; ikey 7; okey 8; {TO_RIGHT} }}",
        f"tunnel b {{ type gretap; ikey 8; okey 7; {TO_LEFT} }}",
    ),
    "several": (
        "\n".join(f"tunnel a{key} {{ type gretap; key {key}; {TO_RIGHT} }}" for key in (1, 2, 3)),
        "\n".join(f"tunnel a{key} {{ type gretap; key {key % 3 + 1}; {TO_LEFT} }}" for key in (1, 2, 3)),
    ),
    "IPv6": (
        "tunnel a { type ip6gretap; key 7; local 2001:db8::1; remote 2001:db8::2 }",
        "tunnel b { type ip6gretap; key 7; local 2001:db8::2; remote 2001:db8::1 }",
    ),
    "a key over a shared tunnel": (
        "tunnel every { type gretap; local 192.0.2.1; shared }\nvrf t { table 9 }\ntunnel a { vrf t; over every; key 7; remote 192.0.2.2 }",
        f"tunnel b {{ type gretap; key 7; {TO_LEFT} }}",
    ),
    "to somebody else": ("tunnel a { type gre; local 192.0.2.1; remote 192.0.2.99 }", ""),
}


@pytest.mark.parametrize("name", MIRRORED)
def test_ends_that_mirror_each_other_are_not_reported(name: str, tmp_path: Path) -> None:
    assert findings(*MIRRORED[name], tmp_path) == []


UNLIKE = {
    "type": (
        f"tunnel a {{ type gretap; key 7; {TO_RIGHT} }}",
        f"tunnel b {{ type gre; key 7; {TO_LEFT} }}",
        ["`left` says `type gretap`, `right` says `type gre`"],
    ),
    "one way": (
        f"tunnel a {{ type gretap; ikey 7; okey 8; {TO_RIGHT} }}",
        f"tunnel b {{ type gretap; ikey 7; okey 7; {TO_LEFT} }}",
        ["`left` sends with key 8, `right` takes key 7"],
    ),
    "a key on one end": (
        f"tunnel a {{ type gretap; {TO_RIGHT} }}",
        f"tunnel b {{ type gretap; key 0; {TO_LEFT} }}",
        ["`left` sends with no key, `right` takes key 0", "`right` sends with key 0, `left` takes no key"],
    ),
    "another address of the host": (
        "tunnel a { type gretap; key 7; local 192.0.2.11; remote 192.0.2.2 }",
        f"tunnel b {{ type gretap; key 7; {TO_LEFT} }}",
        ["`left` has `local 192.0.2.11`, `right` has `remote 192.0.2.1`"],
    ),
}


@pytest.mark.parametrize("name", UNLIKE)
def test_all_that_differs_is_told_at_both_ends(name: str, tmp_path: Path) -> None:
    left, right, notes = UNLIKE[name]
    (one,) = findings(left, right, tmp_path)
    assert one.code.name == "tunnel-not-mirrored"
    assert list(one.notes) == notes
    assert [label.span.text.split()[1] for label in (one.primary, *one.related)] == ["a", "b"]


def test_each_end_is_compared_with_the_one_that_is_most_like_it(tmp_path: Path) -> None:
    left = "\n".join(f"tunnel a{key} {{ type gretap; key {key}; {TO_RIGHT} }}" for key in (1, 2, 3))
    right = "\n".join(f"tunnel b{key} {{ type gretap; key {key}; {TO_LEFT} }}" for key in (3, 9, 1))
    (one,) = findings(left, right, tmp_path)
    assert [label.span.text.split()[1] for label in (one.primary, *one.related)] == ["a2", "b9"]


def test_an_end_without_another_is_told_with_what_is_missing(tmp_path: Path) -> None:
    (one,) = findings("", f"tunnel b {{ type gretap; ikey 7; okey 8; {TO_LEFT} }}", tmp_path)
    assert one.code.name == "tunnel-without-other-end"
    assert one.help == "for example there: tunnel b { type gretap; ikey 8; okey 7; local 192.0.2.1; remote 192.0.2.2 }"


def test_a_tenants_address_is_no_tunnels_end(tmp_path: Path) -> None:
    right = "vrf acme { table 7 }\ninterface vms { device tap0; address 192.0.2.99/24; vrf acme }"
    assert findings("tunnel a { type gre; local 192.0.2.1; remote 192.0.2.99 }", right, tmp_path) == []


def test_the_one_with_a_wrong_remote_is_named(tmp_path: Path) -> None:
    left = "tunnel a { type gretap; key 7; local 192.0.2.1; remote 192.0.2.3 }"
    (one,) = findings(left, f"tunnel b {{ type gretap; key 7; {TO_LEFT} }}", tmp_path)
    assert one.code.name == "tunnel-without-other-end"
    assert one.primary.span.text.split()[1] == "b"
    assert one.related[-1].span.text == "remote 192.0.2.3"
    assert one.related[-1].text == "this may be meant to be the other end: its remote is 192.0.2.3"
    assert one.help == "if `a` of host `left` is the other end, write there: remote 192.0.2.2"


NOT_MEANT = {
    "another key": "tunnel a { type gretap; key 8; local 192.0.2.1; remote 192.0.2.3 }",
    "another address": "tunnel a { type gretap; key 7; local 192.0.2.11; remote 192.0.2.3 }",
    "another type": "tunnel a { type gre; key 7; local 192.0.2.1; remote 192.0.2.3 }",
    "one of two": "\n".join(
        f"tunnel a{n} {{ type gretap; key 7; local 192.0.2.1; remote 192.0.2.{n} }}" for n in (3, 4)
    ),
}


@pytest.mark.parametrize("name", NOT_MEANT)
def test_a_tunnel_that_differs_in_more_than_its_remote_is_not_named(name: str, tmp_path: Path) -> None:
    (one,) = findings(NOT_MEANT[name], f"tunnel b {{ type gretap; key 7; {TO_LEFT} }}", tmp_path)
    assert (one.code.name, len(one.related)) == ("tunnel-without-other-end", 1)
