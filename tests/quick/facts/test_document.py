"""Facts as a document: what is written is read again, and what is wrong with a file is one line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.golden import Golden

from flowc.checks import CHECKS, FactsCheck
from flowc.facts import (
    Address,
    Facts,
    FactsError,
    Kernel,
    Link,
    Listener,
    Missing,
    ModuleState,
    Neighbor,
    NextHop,
    Route,
    Tools,
    TunnelEnds,
    read_facts,
    write_facts,
)
from flowc.facts.document import parse_facts
from flowc.facts.model import schema

SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "schemas" / "facts-1.json"

FULL = Facts(
    version=1,
    hostname="gw1",
    taken=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    netns="blue",
    kernel=Kernel(release="6.1.0-28-amd64", version=(6, 1)),
    tools=Tools(nft="1.0.6", iproute2="6.1.0"),
    links=(
        Link(name="eth0", driver="mlx5_core", mac="52:54:00:00:00:01", mtu=1500, hw_tc_offload=False, eswitch="legacy"),
        Link(name="eth1", driver="mlx5e_rep", switch_id="5a1ed70003a1420c", port_name="pf0vf1"),
        Link(name="acme", kind="vrf", table=1000, alias="flowc", up=True, operstate="up"),
        Link(name="gre7", kind="gretap", tunnel=TunnelEnds(local="172.16.0.1", remote="172.16.0.2", ikey=0, okey=7)),
    ),
    addresses=(Address(device="eth0", address="2001:db8::1/64"),),
    routes=(Route(table=254, destination="::/0", nexthops=(NextHop(gateway="fe80::1", device="eth0"),), metric=1024),),
    neighbors=(Neighbor(device="eth0", address="192.0.2.1", mac="52:54:00:00:00:02", state="reachable"),),
    sysctls={"net/ipv4/conf/eth0.100/rp_filter": "1"},
    listeners=(Listener(protocol="tcp", address="::", port=22, device="acme", ipv6_only=True, process="sshd"),),
    modules={"nft_ct": ModuleState.LOADED, "vrf": ModuleState.ABSENT},
    missing=(Missing(field="links[].eswitch", reason="to read it needs root (CAP_NET_ADMIN)"),),
)


def test_what_is_written_is_read_again() -> None:
    assert parse_facts(write_facts(FULL), "full.json") == FULL


def test_what_was_not_read_is_left_out() -> None:
    assert json.loads(write_facts(Facts(version=1, links=()))) == {"version": 1, "links": []}


def test_each_row_is_a_line_of_the_document() -> None:
    lines = write_facts(FULL).splitlines()
    assert sum('"name": ' in line for line in lines) == len(FULL.links or ())


def test_the_published_schema_is_that_of_the_model(golden: Golden) -> None:
    Draft202012Validator.check_schema(schema())
    golden(SCHEMA, json.dumps(schema(), indent=2) + "\n")


@pytest.mark.parametrize("text", [write_facts(FULL), *(one.facts for one in CHECKS if isinstance(one, FactsCheck))])
def test_documents_are_valid_by_the_schema(text: str) -> None:
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "gw1.json:1:1: not JSON: expecting value"),
        ('{"version": 1,\n "links": [}', "gw1.json:2:12: not JSON: expecting value"),
        ("[]", "gw1.json: not host facts: a JSON object is expected"),
        ('{"hostname": "gw1"}', "gw1.json: not host facts: there is no `version`"),
        ('{"version": 2}', "gw1.json: version: these are facts of version 2, this flowc reads 1"),
        ('{"version": true}', "gw1.json: version: these are facts of version true, this flowc reads 1"),
        ('{"version": "1"}', 'gw1.json: version: these are facts of version "1", this flowc reads 1'),
        ('{"version": 1, "links": {}}', "gw1.json: links: input should be a valid array"),
        ('{"version": 1, "links": [{"mtu": 1500}]}', "gw1.json: links[0].name: field required"),
        (
            '{"version": 1, "links": [{"name": "a"}, {"name": "b", "mtu": "1500"}]}',
            "gw1.json: links[1].mtu: input should be a valid integer",
        ),
        (
            '{"version": 1, "addresses": [{"device": "a", "address": "10.0.0.300/24"}]}',
            "gw1.json: addresses[0].address: `10.0.0.300` is not an IP address",
        ),
        (
            '{"version": 1, "addresses": [{"device": "a", "address": "10.0.0.3"}]}',
            "gw1.json: addresses[0].address: `10.0.0.3` has no prefix length",
        ),
        (
            '{"version": 1, "routes": [{"table": 254, "destination": "10.0.0.1/8"}]}',
            "gw1.json: routes[0].destination: `10.0.0.1/8` is not a network: host bits are set",
        ),
        (
            '{"version": 1, "neighbors": [{"device": "a", "address": "fe80::1%a", "state": "stale"}]}',
            "gw1.json: neighbors[0].address: `fe80::1%a` is not an IP address",
        ),
        ('{"version": 1, "taken": "0001-01-01T00:00:00+14:00"}', "gw1.json: taken: in UTC it is before the year 1 or after 9999"),
        ('{"version": 1, "taken": "9999-12-31T23:59:59-01:00"}', "gw1.json: taken: in UTC it is before the year 1 or after 9999"),
        ('{"version": 1, "a": ' + "1" * 5000 + "}", "gw1.json: not JSON that can be read: a number of thousands of digits"),
        ("[" * 100_000, "gw1.json: not JSON that can be read: nested too deeply"),
        (
            '{"version": 1, "kernel": {"release": "6", "version": [6, 1, 2]}}',
            "gw1.json: kernel.version: input should be an array of 2, not of 3",
        ),
        (
            '{"version": 1, "kernel": {"release": "6", "version": [6, -1]}}',
            "gw1.json: kernel.version[1]: input should be greater than or equal to 0",
        ),
        (
            '{"version": 1, "links": [{"name": "a", "mtu": -1}]}',
            "gw1.json: links[0].mtu: input should be greater than or equal to 0",
        ),
        (
            '{"version": 1, "links": [{"name": "a", "vlan": 4096}]}',
            "gw1.json: links[0].vlan: input should be less than or equal to 4095",
        ),
        (
            '{"version": 1, "routes": [{"table": -254, "destination": "10.0.0.0/8"}]}',
            "gw1.json: routes[0].table: input should be greater than or equal to 0",
        ),
        (
            '{"version": 1, "addresses": [{"device": "a", "address": "10.0.0.3/' + "1" * 5000 + '"}]}',
            f"gw1.json: addresses[0].address: `10.0.0.3/{'1' * 5000}` has no prefix length",
        ),
        ('{"version": 1, "sysctls": {"net/ipv4/ip_forward": 1}}', "gw1.json: sysctls.net/ipv4/ip_forward: input should be a valid string"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(FactsError) as caught:
        parse_facts(text, "gw1.json")
    assert str(caught.value) == message


def test_keys_of_a_later_time_are_ignored() -> None:
    assert parse_facts('{"version": 1, "hostname": "gw1", "moon": "full"}', "gw1.json").hostname == "gw1"


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "gw1.json").write_bytes(b"\xef\xbb\xbf" + b'{"version": 1}')
    assert read_facts(tmp_path / "gw1.json") == Facts(version=1)


@pytest.mark.parametrize(
    ("content", "ending"),
    [(None, "No such file or directory"), (b"\xff\xfe", "not UTF-8, at byte 0"), (b"[" * 100_000, "...")],
)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, content: bytes | None, ending: str) -> None:
    file = tmp_path / "gw1.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(FactsError) as caught:
        read_facts(file)
    assert len(str(caught.value).splitlines()) == 1
    assert str(file) in str(caught.value)
    assert ending == "..." or str(caught.value).endswith(ending)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(FactsError, match="Is a directory"):
        read_facts(tmp_path)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:  # noqa: ANN401  # JSON
    """The ways to every value of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


PLACES = [place for place in places(json.loads(write_facts(FULL))) if place]


@given(st.sampled_from(PLACES), VALUES)
def test_whatever_stands_in_a_document_it_is_facts_or_one_line(place: tuple[str | int, ...], value: object) -> None:
    document: Any = json.loads(write_facts(FULL))
    inner = document
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    try:
        found = parse_facts(json.dumps(document), "gw1.json")
    except FactsError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017  # either is right
    else:
        assert parse_facts(write_facts(found), "again.json") == found
