"""Connections between VRFs where keys of a shared tunnel are about."""

import re
from pathlib import Path

import pytest

from flowc.api import compile_files, render

COMMON = """
vrf acme { table 1000 }
interface up { device eth0; address 192.0.2.1/24 }
interface lan { device eth1; address 10.0.0.1/24; vrf acme }
tunnel shared { type gretap; local 192.0.2.1; shared }
tunnel key7 { over shared; key 7; remote 192.0.2.7; vrf acme; address 10.7.0.1/24 }
zone inside { interface lan }
pool public 203.0.113.0/24 at outside
eip 203.0.113.5 <-> 10.0.0.5 vrf acme
"""


def ruleset(folder: Path, declared: str) -> str:
    file = folder / "keys.flow"
    file.write_text(COMMON + declared, encoding="utf-8")
    result = compile_files([file])
    assert not result.diagnostics.has_errors, list(result.diagnostics)
    (state,) = result.states.values()
    return render(state)["ruleset.nft"]


@pytest.mark.parametrize(
    "declared",
    [
        pytest.param("zone outside { interface up }", id="keys are in no zone"),
        pytest.param("zone outside { interface up }\nzone far { interface key7 }", id="a key is behind an EIP's VRF"),
    ],
)
def test_a_ruleset_names_no_set_that_it_does_not_have(tmp_path: Path, declared: str) -> None:
    text = ruleset(tmp_path, declared + "\nroute default via 192.0.2.254 on up vrf acme")
    assert set(re.findall(r"@(vrf_\w+)", text)) <= set(re.findall(r"(?:set|map) (\w+) \{", text))
    assert "reply from another VRF" in text
