"""The conditions of docs/checks/catalogue.md that a file alone shows: each is found, by the code that the page names."""

import re
from pathlib import Path

import pytest

from flowc.api import check_files

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "checks" / "catalogue.md").read_text(encoding="utf-8")

LAN = "interface lan { device eth1; address 10.0.0.1/24 }\nzone inside { interface lan }\n"
TUNNEL = "tunnel a { type gre; key 1; local 10.0.0.1; remote 10.0.0.2 }\n"
RED = "vrf red { table 7 }\n"

FOUND = [
    ("N02", "FC010", LAN + "zone 4g { }"),
    ("N02", "FC010", LAN + "zone büro { }"),
    ("N03", "FC117", LAN + f"zone {'z' * 65} {{ }}"),
    ("N04", "FC114", "interface sixteen-bytes-oh { }"),
    ("N04", "FC114", 'interface a { device "b/c" }'),
    ("N04", "FC114", 'interface a { device ".." }'),
    ("N04", "FC114", "interface a { device all }"),
    ("N05", "FC118", LAN + "interface b { device eth1 }"),
    ("N05", "FC118", RED + "vrf blue { table 8; device red }"),
    ("N05", "FC118", RED + "interface red1 { device red }"),
    ("N05", "FC404", LAN + "interface v { device v1; veth eth1 }"),
    ("N06", "FC112", "let p = 90-80"),
    ("N06", "FC112", "let p = 10.0.0.9-10.0.0.1"),
    ("N07", "FC111", "let p = {0, 80}"),
    ("N07", "FC111", "let p = {65536}"),
    ("N08", "FC109", "let p = 10.0.0.1/24"),
    ("N08", "FC109", "route fd00::1/64 blackhole"),
    ("N09", "FC115", LAN + "tunnel a { type gre; key 4294967296; local 10.0.0.1; remote 10.0.0.2 }"),
    ("N10", "FC116", LAN + "pool p 224.0.0.0/24 at inside\neip 224.0.0.1 <-> 10.0.0.7"),
    ("N10", "FC116", LAN + "pool p 127.0.0.0/8 at inside\neip 127.0.0.1 <-> 10.0.0.7"),
    ("Z03", "FC505", "vrf acme { table 100000 }\nvrf blue { table 10341 }"),
    ("Z04", "FC506", LAN + "interface b { address 10.0.0.1/24 }"),
    ("Z07", "FC501", "vrf red { table 0 }"),
    ("T01", "FC401", LAN + TUNNEL + TUNNEL.replace(" a ", " b ")),
    ("T02", "FC404", "tunnel a { type gre; local 10.0.0.1; shared }\ntunnel b { type gre; local 10.0.0.1; shared }"),
    ("T04", "FC408", LAN + TUNNEL.replace("local 10.0.0.1", "local 10.0.0.9") + "neighbor 10.0.0.9 on lan managed"),
    ("T04", "FC407", LAN + "tunnel a { type gre; key 1; local 10.0.0.2; remote 10.0.0.1 }"),
    ("T05", "FC414", LAN.replace("address", "mtu 1500; address") + TUNNEL.replace("key 1", "mtu 1500")),
    ("T10", "FC410", LAN + TUNNEL.replace("remote 10.0.0.2", "remote 10.9.9.9") + "route default on a"),
    ("V01", "FC502", RED + "vrf blue { table 7 }"),
    ("V02", "FC501", "vrf red { table 254 }"),
    ("V05", "FC508", RED + LAN + "interface r { address 10.1.0.1/24; vrf red }\nroute 10.0.0.0/24 on lan vrf red"),
    ("V09", "FC409", RED + "interface r { address 10.0.0.1/24; vrf red }\n" + TUNNEL),
    ("H02", "FC601", LAN + "neighbor 10.0.0.5 on lan managed\nneighbor 10.0.0.5 on lan 52:54:00:00:00:05"),
    ("H03", "FC503", LAN + "route default via 10.1.0.1"),
    ("H05", "FC113", LAN + "neighbor 10.0.0.5 on lan 01:00:5e:00:00:01"),
    ("H05", "FC113", LAN + "neighbor 10.0.0.5 on lan 00:00:00:00:00:00"),
]


@pytest.mark.parametrize(("condition", "number", "text"), FOUND)
def test_the_condition_is_found_by_the_code_that_the_catalogue_names(condition: str, number: str, text: str) -> None:
    found = {one.code.number for one in check_files(["example.flow"], read=lambda _: text.encode()).diagnostics}
    assert number in found
    row = re.search(rf"^\| {condition} \|.*$", PAGE, re.MULTILINE)
    assert row
    assert f"[{number}]" in row[0]
