"""`flowc trace` and `flowc diff`: what they print, and their exit status."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest
from tests.quick.trace.examples import EXAMPLES

from flowc.cli import main

Captured = pytest.CaptureFixture[str]
REPO = EXAMPLES[0].parents[1]
TENANT = str(REPO / "examples" / "tenant-eip.flow")
HTTP = "tcp 192.0.2.9:40000 -> 2.2.2.11:80 from internet"


def schema(name: str) -> jsonschema.Draft202012Validator:
    found = json.loads((REPO / "docs" / "schemas" / f"{name}-1.schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(found)


def test_every_step_has_its_line_and_fits_a_terminal(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPO)
    assert main(["trace", "examples/tenant-eip.flow", HTTP, "-v"]) == 0
    out, err = capsys.readouterr()
    assert not err
    assert "not accept netperf to vm75 offload: another port  examples/tenant-eip.flow:37" in out
    assert "  destination     2.2.2.11:80 -> 10.0.0.75:80" in out
    assert max(map(len, out.splitlines())) <= 100


def test_a_source_port_that_makes_no_difference_need_not_be_given(capsys: Captured) -> None:
    assert main(["trace", TENANT, "tcp 192.0.2.9 -> 2.2.2.11:80 from internet"]) == 0
    assert capsys.readouterr().out.startswith("tcp 192.0.2.9:40000 -> 2.2.2.11:80\n")


def test_many_packets_are_summed_up(capsys: Captured) -> None:
    assert main(["trace", TENANT, "tcp any -> 2.2.2.11 from internet"]) == 0
    out = capsys.readouterr().out
    assert "accept       tcp {12865, 20000-29999} to vm75 (as 2.2.2.11)\n" in out
    assert "accept       tcp 80 to vm75 (as 2.2.2.11)\n" in out
    assert out.count("accept    ") == 2
    assert "everything else:\n" in out


def test_what_is_accepted_by_nothing_is_told_in_one_block(capsys: Captured) -> None:
    assert main(["trace", TENANT, "tcp any -> 2.2.2.11:22 from internet"]) == 0
    assert "  nothing of it is accepted\n\n  dropped  " in capsys.readouterr().out


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_of_a_summary_are_treated_as_it_says(example: Path, capsys: Captured) -> None:
    from flowc.api import check_files

    host = check_files([example]).network.hosts[0]
    zone = next(iter(host.zones))
    arguments = ["--host", host.name, "--format", "json"]
    assert main(["trace", str(example), f"any any -> any from {zone}", *arguments]) == 0
    document = json.loads(capsys.readouterr().out)
    schema("trace").validate(document)
    for way in document["ways"][:12]:
        assert main(["trace", str(example), way["example"], *arguments]) == 0
        again = json.loads(capsys.readouterr().out)["ways"]
        keys = ("verdict", "rule", "egress", "key", "offload", "answered")
        assert [way[key] for key in keys] in [[one[key] for key in keys] for one in again], way["example"]


@pytest.mark.parametrize(
    ("packet", "text"), [("tcp any -> any from internt", "did you mean `internet`?"), ("", "no packet is given")]
)
def test_a_packet_that_is_wrong_is_a_diagnostic(packet: str, text: str, capsys: Captured) -> None:
    assert main(["trace", TENANT, packet]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert text in err


def test_an_address_that_ends_like_a_port_is_told_beside_the_answer(capsys: Captured) -> None:
    file = str(REPO / "examples" / "dual-stack.flow")
    packet = "tcp any -> fd00::5:80 from inside"
    assert main(["trace", file, packet]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("tcp any -> fd00::5:80 from inside\n")
    assert err.startswith("warning[FC130 unbracketed-port]: `fd00::5:80` is an address")
    assert "for port 80 write [fd00::5]:80" in err
    assert main(["trace", file, packet, "--format", "json"]) == 0
    assert "FC130" in [one["code"] for one in json.loads(capsys.readouterr().out)["diagnostics"]]


def test_several_hosts_have_to_be_chosen_from(capsys: Captured) -> None:
    file = str(REPO / "examples" / "two-hosts.flow")
    assert main(["trace", file, "tcp any -> any from office"]) == 2
    assert "choose one with --host" in capsys.readouterr().err
    assert main(["trace", file, "tcp any -> any from office", "--host", "left"]) == 0
    assert main(["trace", file, "tcp any -> any from office", "--host", "middle"]) == 2


def test_a_file_with_errors_is_not_traced(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "gw.flow").write_text("zone a { interface b }\n")
    assert main(["trace", str(tmp_path / "gw.flow"), "tcp any -> any from a"]) == 1
    assert "no packet was traced" in capsys.readouterr().err
    assert main(["diff", "--semantic", TENANT, str(tmp_path / "gw.flow")]) == 2
    assert "nothing was compared" in capsys.readouterr().err


def test_differences_are_status_1_and_none_are_0(tmp_path: Path, capsys: Captured) -> None:
    new = tmp_path / "gw.flow"
    new.write_text(Path(TENANT).read_text(encoding="utf-8").replace("tcp 80 to", "tcp {80, 443} to"))
    assert main(["diff", "--semantic", TENANT, str(new)]) == 1
    out = capsys.readouterr().out
    assert out.startswith("gw1: newly accepted\n\n  tcp 443 to vm75 (as 2.2.2.11)\n")
    assert main(["diff", "--semantic", TENANT, str(new), "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    schema("difference").validate(document)
    assert {one["kind"] for one in document["hosts"][0]["differences"]} == {"newly accepted"}
    assert main(["diff", "--semantic", TENANT, TENANT]) == 0
    assert capsys.readouterr().out == "gw1: no packet is treated differently\n"


def test_the_old_file_may_be_a_pipe(capsys: Captured) -> None:
    reading, writing = os.pipe()
    os.write(writing, Path(TENANT).read_bytes())
    os.close(writing)
    try:
        assert main(["diff", "--semantic", f"/dev/fd/{reading}", TENANT]) == 0
    finally:
        os.close(reading)
    assert "no packet is treated differently" in capsys.readouterr().out


TWO_UPLINKS = """\
interface one { device eth0; address 192.0.2.2/24 }
interface two { device eth2; address 198.51.100.2/24 }
interface lan { device eth1; address 10.0.0.1/24 }
route default via 192.0.2.1, 198.51.100.1
zone internet { interface one, two }
zone inside { interface lan }
policy inside -> internet { accept }
nat inside -> internet { masquerade }
"""


def test_of_several_ways_each_source_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "two.flow").write_text(TWO_UPLINKS)
    assert main(["trace", str(tmp_path / "two.flow"), "tcp 10.0.0.5 -> 203.0.113.0/24:80 from inside"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "leaves by one or two" in told
    assert "becomes 192.0.2.2 or 198.51.100.2" in told


def test_an_uplink_less_is_another_way_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = tmp_path / "old.flow", tmp_path / "new.flow"
    old.write_text(TWO_UPLINKS)
    new.write_text(TWO_UPLINKS.replace("192.0.2.1, ", ""))
    assert main(["diff", "--semantic", str(old), str(new)]) == 1
    told = capsys.readouterr().out
    assert "translated or forwarded differently" in told
    assert "only offload" not in told
