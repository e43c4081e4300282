"""What the keys of a shared tunnel need where no VRF's connections lead into another one."""

from pathlib import Path

from flowc.api import compile_files, render

KEYS = """
host gw {}
vrf acme { table 1000 }
interface up { device eth0; address 192.0.2.1/24 }
tunnel shared { type gre; local 192.0.2.1; shared }
tunnel key7 { over shared; key 7; remote 192.0.2.7; vrf acme; address 10.7.0.1/24 }
zone outside { interface up }
zone inside { interface key7 }
policy inside -> self { reject }
"""


def test_what_the_host_answers_goes_by_the_mark_and_the_outer_packet_does_not(tmp_path: Path) -> None:
    file = tmp_path / "keys.flow"
    file.write_text(KEYS, encoding="utf-8")
    (state,) = compile_files([file]).states.values()
    marked = [(rule.device, rule.table) for rule in state.rules if rule.mark is not None]
    assert marked == [("lo", 1000), ("shared", 1000)]
    assert 'oifname { "shared" } meta mark set meta mark & 0xffffc000' in render(state)["ruleset.nft"]
