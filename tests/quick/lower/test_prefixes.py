"""EIPs by the prefix: elements of maps, never rules."""

from pathlib import Path

from flowc.api import compile_files, render

EDGE = """
interface lan { device eth1; address 10.0.0.1/8, fd00::1/32 }
interface wan { device eth0; address 192.0.2.1/24 }
zone inside { interface lan }
zone outside { interface wan }
pool public 11.0.0.0/8, 2001:db8::/32 at outside
"""


def ruleset(eips: list[str], folder: Path) -> str:
    file = folder / "edge.flow"
    file.write_text(EDGE + "\n".join(f"eip {one}" for one in eips))
    result = compile_files([file])
    assert not result.diagnostics.has_errors
    (state,) = result.states.values()
    return render(state, provenance=False)["ruleset.nft"]


def rules(text: str) -> list[str]:
    """All lines but elements."""
    return [line for line in text.splitlines() if not line.startswith("            ")]


def test_a_hundred_prefixes_have_the_rules_of_one(tmp_path: Path) -> None:
    numbers = range(100)
    four = [f"11.1.{number}.0/24 <-> 10.1.{number}.0/24" for number in numbers]
    six = [f"2001:db8:0:{number:x}::/64 <-> fd00:0:0:{number:x}::/64" for number in numbers]
    one, many = ruleset([four[0], six[0]], tmp_path), ruleset([*four, *six], tmp_path)
    assert rules(one) == rules(many)
    assert "            0 . 11.1.99.0/24 : 10.1.99.0/24,\n" in many
    assert "            0 . fd00:0:0:63::/64 : 2001:db8:0:63::/64,\n" in many


def test_a_prefix_of_one_address_is_an_eip(tmp_path: Path) -> None:
    text = ruleset(["11.1.0.5/32 <-> 10.1.0.5/32", "2001:db8::5/128 <-> fd00::5"], tmp_path)
    assert "eip_prefixes" not in text
    assert "            0 . 11.1.0.5 : 10.1.0.5,\n" in text
    assert "            0 . 2001:db8::5 : fd00::5,\n" in text


def test_a_prefix_is_found_by_the_route_that_leads_to_it(tmp_path: Path) -> None:
    route = "\nvrf acme { table 7 }\ninterface tap { device tap0; address 172.16.0.1/24; vrf acme }\n"
    route += "interface up { device eth2; address 172.17.0.1/24; vrf acme }\n"
    route += "route 172.20.0.0/16 via 172.16.0.2 vrf acme\nzone vms { interface tap }\nzone far { interface up }\n"
    route += "pool other 12.0.0.0/8 at far\n"
    text = ruleset([f"12.1.0.0/24 <-> 172.20.5.0/24{route}"], tmp_path)
    assert "            7 . 12.1.0.0/24 : 172.20.5.0/24,\n" in text
