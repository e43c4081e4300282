"""Source translation is for its own zone."""

from pathlib import Path

from flowc.api import compile_files

FILE = """
interface wan { device eth0; address 192.0.2.1/24 }
interface house { device eth1; address 10.0.0.1/16 }
zone internet { interface wan }
zone rest { interface house }
zone printers { interface house from 10.0.9.0/24 }
policy rest -> internet { accept }
policy printers -> internet { accept }
nat rest -> internet { masquerade }
"""


def test_a_whole_interface_is_without_the_parts_of_other_zones(tmp_path: Path) -> None:
    file = tmp_path / "gw.flow"
    file.write_text(FILE)
    (state,) = compile_files([file]).states.values()
    (outside,) = state.nft.translation.outsides
    assert {rule.family: rule.elements for rule in outside.snats} == {
        4: ('"eth1" . 0.0.0.0-10.0.8.255', '"eth1" . 10.0.10.0-255.255.255.255'),
        6: ('"eth1"',),
    }
