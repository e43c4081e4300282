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


def test_the_outer_ttl_is_the_keys_own_or_the_shared_tunnels(tmp_path: Path) -> None:
    """IPv6 calls it a hop limit; 0 is that of the packet inside, and is not said."""
    file = tmp_path / "keys.flow"
    for kind, shared, key, wanted in (
        ("gre", "", "", ""),
        ("gre", "; ttl 77", "", " ttl 77"),
        ("gre", "; ttl 77", "; ttl 33", " ttl 33"),
        ("ip6gre", "", "; ttl 33", " hoplimit 33"),
    ):
        text = KEYS.replace("type gre;", f"type {kind}{shared};").replace("key 7;", f"key 7{key};")
        local, remote = ("192.0.2.1", "192.0.2.7") if kind == "gre" else ("2001:db8::1", "2001:db8::7")
        text = text.replace("192.0.2.1/24", f"{local}/64" if ":" in local else f"{local}/24")
        text = text.replace("local 192.0.2.1", f"local {local}").replace("remote 192.0.2.7", f"remote {remote}")
        file.write_text(text, encoding="utf-8")
        (state,) = compile_files([file]).states.values()
        assert f"src {local} dst {remote}{wanted} key dev shared" in render(state)["ip.batch"]


def test_what_the_host_answers_goes_by_the_mark_and_the_outer_packet_does_not(tmp_path: Path) -> None:
    file = tmp_path / "keys.flow"
    file.write_text(KEYS, encoding="utf-8")
    (state,) = compile_files([file]).states.values()
    marked = [(rule.device, rule.table) for rule in state.rules if rule.mark is not None]
    assert marked == [("lo", 1000), ("shared", 1000)]
    assert 'oifname { "shared" } meta mark set meta mark & 0xffffc000' in render(state)["ruleset.nft"]
