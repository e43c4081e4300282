"""The nft backend's text, where the examples do not show it."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowc.api import compile_files, render

GATEWAY = """
interface lan { device eth1; address 10.0.0.1/24 }
interface uplink { device eth0; address 192.0.2.1/24, 2001:db8::1/64 }
zone inside { interface lan }
zone outside { interface uplink }
"""


THREE = "limit rate 3/minute"
LOGGED = "limit rate 10/second burst 20 packets"
"""What limits the lines of a `log` that says nothing else."""


def ruleset(folder: Path, text: str, *, name: str = "gw.flow", provenance: bool = False) -> list[str]:
    """The lines of the ruleset without their indentation."""
    file = folder / name
    file.write_text(GATEWAY + text, encoding="utf-8")
    result = compile_files([file])
    assert not result.diagnostics.has_errors
    (state,) = result.states.values()
    return [line.strip() for line in render(state, provenance=provenance)["ruleset.nft"].splitlines()]


def elements(lines: list[str], name: str) -> list[str]:
    """What a map holds."""
    start = lines.index("elements = {", lines.index(f"map {name} {{"))
    return lines[start + 1 : lines.index("}", start)]


def chain(lines: list[str], name: str) -> list[str]:
    """The rules of a chain."""
    start = lines.index(f"chain {name} {{")
    return lines[start + 1 : lines.index("}", start)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("accept tcp 80", ["tcp dport 80 accept"]),
        ("accept tcp {80, 443, 444-450}", ["tcp dport { 80, 443-450 } accept"]),
        ("accept tcp 53, udp 53", ["meta l4proto . th dport { tcp . 53, udp . 53 } accept"]),
        ("accept tcp", ["meta l4proto tcp accept"]),
        ("accept icmp", ["meta l4proto { icmp, ipv6-icmp } accept"]),
        ("accept icmp from 10.0.0.0/8", ["ip saddr 10.0.0.0/8 meta l4proto icmp accept"]),
        ("accept icmp echo-request", ["icmp type echo-request accept", "icmpv6 type echo-request accept"]),
        ("accept icmpv6 packet-too-big", ["icmpv6 type packet-too-big accept"]),
        ("accept protocol 47", ["meta l4proto gre accept"]),
        ("accept from not {10.0.0.1, 10.0.0.2}", ["ip saddr != 10.0.0.1-10.0.0.2 accept"]),
        (
            "accept tcp 22 from {10.0.0.1, 2001:db8::5}",
            ["ip saddr 10.0.0.1 tcp dport 22 accept", "ip6 saddr 2001:db8::5 tcp dport 22 accept"],
        ),
        ("accept via eip", ["ct status dnat accept"]),
        ("drop limit 3/minute burst 7", ["limit rate 3/minute burst 7 packets counter drop"]),
        ("reject tcp 113", ["tcp dport 113 counter reject with tcp reset"]),
        ("reject udp", ["meta l4proto udp counter reject"]),
        (
            'reject log "no"',
            [f'{LOGGED} log prefix "no: "', "meta l4proto tcp counter reject with tcp reset", "counter reject"],
        ),
        (
            'drop tcp 23 log "telnet" rate 5/minute burst 2',
            ['tcp dport 23 limit rate 5/minute burst 2 packets log prefix "telnet: "', "tcp dport 23 counter drop"],
        ),
        ("accept tcp 22 connections 4", ["tcp dport 22 ct count 4 accept"]),
        (
            "accept tcp 22 limit 3/minute per source",
            [
                f"meta nfproto ipv4 tcp dport 22 update @limit/inside/outside/1/ip {{ ct zone . ip saddr {THREE} }} accept",
                f"meta nfproto ipv6 tcp dport 22 update @limit/inside/outside/1/ip6 {{ ct zone . ip6 saddr {THREE} }} accept",
            ],
        ),
        (
            "accept tcp 22 connections 4 per source from 10.0.0.0/8",
            [
                "ip saddr 10.0.0.0/8 tcp dport 22 add @connections/inside/outside/1/ip { ct zone . ip saddr ct count 4 } accept"
            ],
        ),
        (
            "accept tcp 22, gre connections 4 limit 3/minute",
            [
                f"{match} add @connections/inside/outside/1 {{ numgen inc mod 1 ct count 4 }}"
                f" add @limit/inside/outside/1 {{ numgen inc mod 1 {THREE} }} accept"
                for match in ("tcp dport 22", "meta l4proto gre")
            ],
        ),
        ("accept tcp 21 helper ftp", ['tcp dport 21 ct helper set "helper/ftp/tcp" accept']),
        (
            "accept udp 5060, tcp 5060 helper sip",
            [
                (
                    'meta l4proto . th dport { tcp . 5060, udp . 5060 } ct helper set "helper/sip/tcp" '
                    'ct helper set "helper/sip/udp" accept'
                )
            ],
        ),
    ],
)
def test_rules_are_written_as_few_nft_rules(rule: str, expected: list[str], tmp_path: Path) -> None:
    lines = ruleset(tmp_path, f"policy inside -> outside {{ {rule} }}")
    assert chain(lines, "policy/inside/outside") == [*expected, 'counter drop comment "default deny"']


@pytest.mark.parametrize(
    ("rule", "lines", "own"),
    [
        (
            'accept tcp 22 limit 3/minute log "ssh" counter',
            [f"tcp dport 22 {THREE} goto rule/inside/outside/1"],
            [f'{LOGGED} log prefix "ssh: "', "counter accept"],
        ),
        (
            'accept tcp 22, gre log "two"',
            ["tcp dport 22 goto rule/inside/outside/1", "meta l4proto gre goto rule/inside/outside/1"],
            [f'{LOGGED} log prefix "two: "', "accept"],
        ),
        (
            "reject limit 3/minute",
            [f"{THREE} goto rule/inside/outside/1"],
            ["meta l4proto tcp counter reject with tcp reset", "counter reject"],
        ),
    ],
)
def test_a_rule_has_a_chain_where_a_second_match_would_count_twice(
    rule: str, lines: list[str], own: list[str], tmp_path: Path
) -> None:
    found = ruleset(tmp_path, f"policy inside -> outside {{ {rule} }}")
    assert chain(found, "policy/inside/outside")[:-1] == lines
    assert chain(found, "rule/inside/outside/1") == own


@pytest.mark.parametrize(
    ("limit", "timeout"),
    [("10/second", 60), ("3/minute", 100), ("3/hour burst 2", 2400), ("1/day burst 213503", 31536000)],
)
def test_a_source_is_remembered_until_its_limit_is_full_again(limit: str, timeout: int, tmp_path: Path) -> None:
    lines = ruleset(tmp_path, f"policy inside -> outside {{ accept limit {limit} per source }}")
    start = lines.index("set limit/inside/outside/1/ip6 {")
    assert lines[start + 1 : start + 5] == [
        "typeof ct zone . ip6 saddr", "size 65536", "flags dynamic, timeout", f"timeout {timeout}s",
    ]  # fmt: skip


def test_a_meters_name_does_not_depend_on_where_the_policy_stands(tmp_path: Path) -> None:
    policies = [
        "policy inside -> outside { drop udp; accept limit 1/day per source }",
        "policy outside -> self { accept }",
    ]
    one, other = (ruleset(tmp_path, "\n".join(order)) for order in (policies, reversed(policies)))
    assert one == other
    assert "set limit/inside/outside/2/ip {" in one


def test_what_a_helper_reads_never_gets_to_the_flowtable(tmp_path: Path) -> None:
    policy = "policy inside -> outside { accept tcp 21 helper ftp; accept tcp offload; accept udp 69 helper tftp }"
    established = chain(ruleset(tmp_path, policy), "established")
    place = established.index("ct status & 0x2000 != 0 accept")
    assert "flow add @fastpath" in established[place + 1]


def test_modules_that_rewrite_addresses_are_loaded_where_there_is_translation(tmp_path: Path) -> None:
    policy = "policy inside -> outside { accept tcp 21 helper ftp }"
    for text, expected in ((policy, ()), (policy + "\nnat inside -> outside { masquerade }", ("nf_nat_ftp",))):
        file = tmp_path / "gw.flow"
        file.write_text(GATEWAY + text, encoding="utf-8")
        (state,) = compile_files([file]).states.values()
        assert state.modules == expected
        assert ("for module in nf_nat_ftp; do" in render(state)["apply.sh"]) is bool(expected)


def test_an_exact_pair_beats_any_and_any_is_no_pair_within_a_zone(tmp_path: Path) -> None:
    lines = ruleset(tmp_path, "policy any -> any { drop }\npolicy inside -> outside { accept }")
    assert elements(lines, "to/inside") == ['"eth0" : goto policy/inside/outside,']
    assert elements(lines, "to/outside") == ['"eth1" : goto policy/any/any,']


def rules(lines: list[str]) -> int:
    """How many lines are no elements."""
    return sum(not line.endswith(",") for line in lines)


def test_rules_are_as_many_for_ten_as_for_a_thousand_entries(tmp_path: Path) -> None:
    def ruleset_of(count: int) -> list[str]:
        entries = "".join(
            f"endpoint vm{n} {{ address 10.0.{n // 250}.{n % 250 + 2}; interface lan }}\n"
            f"eip 203.0.{n // 250}.{n % 250 + 2} <-> vm{n}\n"
            for n in range(count)
        )
        forwards = "".join(f"dnat tcp 198.51.100.1:{1000 + n} -> vm{n}:80\n" for n in range(count))
        pool = "pool public 203.0.0.0/16 at outside\n"
        return ruleset(tmp_path, f"{pool}{entries}nat outside -> inside {{\n{forwards}}}")

    assert rules(ruleset_of(10)) == rules(ruleset_of(1000))


def test_rules_are_as_many_for_ten_as_for_a_thousand_tenants(tmp_path: Path) -> None:
    """Each a VRF with a key, an EIP at the shared uplink, a forward and the shared source address."""

    def ruleset_of(count: int) -> list[str]:
        tenants = "".join(
            f"vrf t{n} {{ table {1000 + n} }}\n"
            f"tunnel k{n} {{ over shared; key {n}; remote 172.16.0.2; vrf t{n}; address 10.9.0.1/24 }}\n"
            f"endpoint vm{n} {{ address 10.9.0.5; interface k{n}; mac 52:54:00:00:{n // 256:02x}:{n % 256:02x} }}\n"
            f"route default via 192.0.2.2 on uplink vrf t{n}\n"
            f"eip 203.0.{n // 250}.{n % 250 + 2} <-> vm{n}\n"
            for n in range(1, count + 1)
        )
        forwards = "".join(f"dnat tcp 203.0.200.1:{1000 + n} -> vm{n}:80\n" for n in range(1, count + 1))
        return ruleset(
            tmp_path,
            f"""
            tunnel shared {{ type gretap; local 10.0.0.1; shared }}
            {tenants}
            zone cloud {{ interface {", ".join(f"k{n}" for n in range(1, count + 1))} }}
            pool public 203.0.0.0/16 at outside
            policy cloud -> outside {{ accept }}
            policy outside -> cloud {{ accept tcp 80 }}
            nat cloud -> outside {{ snat 10.9.0.0/24 -> 203.0.200.1 ports 20000-29999 }}
            nat outside -> cloud {{
            {forwards}}}
            """,
        )

    few = ruleset_of(10)
    assert rules(few) == rules(ruleset_of(1000))
    assert any("snat ip to 203.0.200.1:20000-29999" in line for line in few)


def test_a_file_name_cannot_break_out_of_its_comment(tmp_path: Path) -> None:
    policy = "policy inside -> outside { accept }"
    lines = ruleset(tmp_path, policy, name='a\nflush ruleset #".flow', provenance=True)
    assert not any(line.startswith("flush") for line in lines)
    assert not any(line.count('"') % 2 for line in lines if " comment " in line)


def test_a_long_path_is_cut_at_its_start(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 100) / ("e" * 100)
    folder.mkdir(parents=True)
    lines = ruleset(folder, "policy inside -> outside { accept }", provenance=True)
    comments = [line.split('comment "')[1].rstrip('"') for line in lines if 'comment "' in line]
    assert max(len(comment.encode()) for comment in comments) <= 127
    assert any(comment.endswith("gw.flow:6") for comment in comments)


def test_an_own_address_that_only_snat_uses_is_still_the_hosts(tmp_path: Path) -> None:
    """A call to it from inside is judged by the policy to `self`; one that is forwarded goes out and comes back."""
    snat = "nat inside -> outside { snat 10.0.0.0/24 -> 192.0.2.1 }\n"
    assert not any("jump out/outside" in line for line in ruleset(tmp_path, snat))
    web = "endpoint web { address 10.0.0.80; interface lan }\n"
    forward = f"{web}nat outside -> inside {{ dnat tcp 192.0.2.1:80 -> web }}\n"
    lines = ruleset(tmp_path, snat + forward)
    assert "0 . 192.0.2.1 . tcp . 80 : jump out/outside," in lines
    assert "0 . 192.0.2.1 : jump out/outside," not in lines
    assert "0 . 192.0.2.1 : goto back/outside," in lines
