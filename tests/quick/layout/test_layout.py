"""The rules of docs/formatting.md, one by one."""

from __future__ import annotations

from textwrap import dedent

import pytest
from tests.quick.layout.helpers import formatted, held


def lay(text: str) -> str:
    """A text as a test writes it, laid out; all that is promised of every text is held on the way."""
    return held(dedent(text).lstrip("\n"))


def same(text: str) -> None:
    """Holds that a text is laid out already."""
    text = dedent(text).lstrip("\n")
    assert held(text) == text


LONG = ", ".join(f"10.0.{number}.0/24" for number in range(12))
IGNORE = "  # flowc: ignore[FC110] the provider's"


def test_words_have_one_space_between_them() -> None:
    assert lay("vrf\ta{table   1000;device b}") == "vrf a { table 1000; device b }\n"
    assert lay("let  a={ 10.0.0.1 - 10.0.0.9 ,10.1.0.0/16 , }") == "let a = {10.0.0.1-10.0.0.9, 10.1.0.0/16}\n"
    assert lay('policy a->b{accept tcp{80,443}limit 10 / second log"x"}') == (
        'policy a -> b { accept tcp {80, 443} limit 10/second log "x" }\n'
    )
    assert lay("nat a->b{dnat tcp[ 2001:db8::1 ] : 80->c : 8080-8090}") == (
        "nat a -> b { dnat tcp [2001:db8::1]:80 -> c:8080-8090 }\n"
    )


def test_packets_of_a_test_are_laid_out_as_rules_are() -> None:
    assert lay('test "t"{tcp  10.0.0.1 : { 80,443 }->[ fd00::/8 ] : 1 - 9 from a;expect not key 1,rule"x"}') == (
        'test "t" { tcp 10.0.0.1:{80, 443} -> [fd00::/8]:1-9 from a; expect not key 1, rule "x" }\n'
    )
    assert lay('test "t"{icmp  any any->{a ,10.0.0.1 - 10.0.0.9}from self;any not a : ssh->b from c}') == (
        'test "t" { icmp any any -> {a, 10.0.0.1-10.0.0.9} from self; any not a:ssh -> b from c }\n'
    )


def test_words_that_would_be_another_word_together_stay_apart() -> None:
    assert lay("nat a -> b { dnat tcp 2001:db8::1 : 80 -> c }") == "nat a -> b { dnat tcp 2001:db8::1 :80 -> c }\n"


def test_keywords_as_names_and_names_in_quotes_stay_what_they_are() -> None:
    same('zone "4g" { interface interface }\npolicy log -> in { accept "tcp" }\n')


@pytest.mark.parametrize("text", ["", "\n\n", " \t\n", "\ufeff", ";\n;"])
def test_nothing_stays_nothing(text: str) -> None:
    assert held(text) == ""


def test_line_ends_and_a_byte_order_mark_are_made_plain() -> None:
    assert held("\ufeff# c \t\r\nvrf a { table 1 }\t\r\n\r\n\r\nvrf b { table 2 }") == (
        "# c\nvrf a { table 1 }\n\nvrf b { table 2 }\n"
    )


def test_the_author_decides_whether_a_block_stands_in_one_line() -> None:
    same(
        """
        vrf a { table 1 }

        vrf b {
            table 2
        }

        host c { interface d { device eth0 } }

        host c {
            interface d { device eth0 }
        }
        """
    )


@pytest.mark.parametrize("text", ["vrf a {\ntable 1; device b }", "vrf a { table 1; device b\n}"])
def test_a_line_break_anywhere_in_a_block_opens_it(text: str) -> None:
    assert lay(text) == "vrf a {\n    table 1; device b\n}\n"


def test_statements_that_share_a_line_go_on_to_do_so() -> None:
    same("vrf a { table 1 }; vrf b { table 2 }\n")
    assert lay("vrf a { table 1 };\nvrf b { table 2 } ;; # c") == "vrf a { table 1 }\nvrf b { table 2 }  # c\n"
    assert lay("vrf a {\ntable 1 }; zone c { }") == "vrf a {\n    table 1\n}\nzone c { }\n"


def test_an_empty_block_stands_in_one_line() -> None:
    assert lay("zone a{\n\n}") == "zone a { }\n"


def test_blocks_in_blocks_are_further_in() -> None:
    assert lay("host a {\ninterface b {\nmtu 1500\n}\n# c\n}") == (
        "host a {\n    interface b {\n        mtu 1500\n    }\n    # c\n}\n"
    )


def test_several_empty_lines_are_one_and_none_at_the_ends_of_blocks() -> None:
    assert lay("\n\nhost a {\n\n\n kernel 6.1\n\n\n\n offload off\n\n}\n\n\n# c\n\n\n\n") == (
        "host a {\n    kernel 6.1\n\n    offload off\n}\n\n# c\n"
    )


def test_a_list_goes_on_where_it_did() -> None:
    same(
        """
        let a = {
            10.0.0.1, 10.0.0.2,  # a machine

            # the others
            10.0.0.3,
        }
        let b = {10.0.0.1,
            10.0.0.2}
        service c = tcp 80,
            udp {
                53, 67,
            }, icmp
        """
    )


def test_a_comma_that_starts_a_line_ends_the_one_before() -> None:
    assert lay("let a = {10.0.0.1  # c\n , 10.0.0.2\n , 10.0.0.3\n}") == (
        "let a = {10.0.0.1,  # c\n    10.0.0.2,\n    10.0.0.3,\n}\n"
    )


def test_what_stands_behind_an_arrow_comes_up() -> None:
    assert lay("policy a ->\n b { accept }\neip 10.0.0.1 <->\n\n c") == (
        "policy a -> b { accept }\neip 10.0.0.1 <-> c\n"
    )
    same("eip 10.0.0.1 <->  # a comment keeps it where it is\n    c\n")


# ---- comments -------------------------------------------------------------------------------------------------------


def test_comments_stay_wherever_they_are() -> None:
    same(
        """
        #!/usr/bin/env flowc
        # top

        zone a {  # at the start of a block
            # in a block
            interface b  # behind a statement

            # at the end of a block
        }  # behind a block
        zone c {
            # alone
        }

        # at the end
        """
    )


def test_comments_of_neighbouring_lines_are_aligned() -> None:
    assert lay(
        """
        zone a { interface b } # one
        zone cc { interface dd }
        zone eeee { interface ffff }   # three

        vrf g { table 1 }         # another one
        """
    ) == dedent(
        """\
        zone a    { interface b }     # one
        zone cc   { interface dd }
        zone eeee { interface ffff }  # three

        vrf g { table 1 }  # another one
        """
    )


def test_a_comment_goes_on_below_another_one() -> None:
    assert lay(
        """
        vrf a { table 1 }           # one that is
                                    # too long for a line
          # about b
        vrf bbb { table 2 }
        """
    ) == dedent(
        """\
        vrf a { table 1 }  # one that is
                           # too long for a line
        # about b
        vrf bbb { table 2 }
        """
    )


def test_a_comment_far_away_moves_no_other() -> None:
    name = "n" * 60
    assert lay(f"vrf a {{ table 1 }} # a\nvrf {name} {{ table 2 }} # b\n") == (
        f"vrf a {{ table 1 }}  # a\nvrf {name} {{ table 2 }}  # b\n"
    )


# ---- lines that are too long ----------------------------------------------------------------------------------------


def test_a_block_that_does_not_fit_is_opened() -> None:
    rule = "accept tcp 80 to web from somewhere offload"
    assert lay(f"policy a -> b {{ {rule}; {rule}; drop }}") == (
        f"policy a -> b {{\n    {rule}\n    {rule}\n    drop\n}}\n"
    )


def test_statements_that_do_not_fit_into_one_line_are_parted() -> None:
    zone = "zone " + "a" * 50 + " { interface b }"
    assert lay(f"{zone}; {zone}") == f"{zone}\n{zone}\n"


def test_a_set_that_does_not_fit_gets_its_lines() -> None:
    assert lay(f"let a = {{{LONG}}}") == (
        "let a = {\n"
        "    10.0.0.0/24, 10.0.1.0/24, 10.0.2.0/24, 10.0.3.0/24, 10.0.4.0/24, 10.0.5.0/24, 10.0.6.0/24,\n"
        "    10.0.7.0/24, 10.0.8.0/24, 10.0.9.0/24, 10.0.10.0/24, 10.0.11.0/24,\n"
        "}\n"
    )


def test_a_list_that_does_not_fit_goes_on_in_the_next_line() -> None:
    assert lay(f"interface a {{ address {LONG} }}") == (
        "interface a {\n"
        "    address 10.0.0.0/24, 10.0.1.0/24, 10.0.2.0/24, 10.0.3.0/24, 10.0.4.0/24, 10.0.5.0/24,\n"
        "        10.0.6.0/24, 10.0.7.0/24, 10.0.8.0/24, 10.0.9.0/24, 10.0.10.0/24, 10.0.11.0/24\n"
        "}\n"
    )


def test_short_sets_stay_whole_in_a_list_that_does_not_fit() -> None:
    matches = ", ".join(["tcp {80, 443}"] * 10)
    first, second = ", ".join(["tcp {80, 443}"] * 4), ", ".join(["tcp {80, 443}"] * 6)
    assert lay(f"service some-web-servers = {matches}") == (f"service some-web-servers = {first},\n    {second}\n")


def test_a_comment_does_not_make_a_line_too_long() -> None:
    same(f"zone a {{ interface b }}  # {'c' * 200}\n")


@pytest.mark.parametrize(
    "code",
    [
        f"interface a {{ address {LONG} }}",
        f"let a = {{{LONG}}}",
        f"service {'s' * 50} = tcp {{80, 443}}, udp 53, tcp 8080, tcp 8443, sctp 7",
        f"zone {'a' * 50} {{ interface b }}; zone {'c' * 50} {{ interface b }}",
        f"policy a -> b {{\n    accept icmp\n    accept tcp 80 from {{{LONG}}}",
    ],
)
def test_what_an_ignore_comment_is_about_stays_in_its_line(code: str) -> None:
    end = "\n}\n" if code.count("{") > code.count("}") else "\n"
    same(f"{code}{IGNORE}{end}")
    indent = " " * (4 if "\n" in code else 0)
    start, line_end, last = code.rpartition("\n")
    same(f"{start}{line_end}{indent}{IGNORE.strip()}\n\n{indent}# about the next line\n{last}{end}")
    assert formatted(f"{code}  # something else{end}") != f"{code}  # something else{end}"


def test_an_ignore_comment_is_not_about_the_lines_after_its_own() -> None:
    assert lay(f"vrf a {{ table 1 }}{IGNORE}\nlet b = {{{LONG}}}").startswith(
        f"vrf a {{ table 1 }}{IGNORE}\nlet b = {{\n"
    )


# ---- columns --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        """
        interface uplink { device eth0;   address 192.0.2.2/24, 2001:db8:ff::2/64 }
        interface lan    { device br-lan; address 10.0.0.1/24,  fd00::1/64; vrf a }
        interface wifi   { device wlan0; mtu 1500 }
        interface guests { vlan 20 on lan; address 10.20.0.1/24 }
        """,
        """
        endpoint web { address 10.0.0.80, fd00::80; interface lan; mac 52:54:00:00:00:80 }
        endpoint sip { address fd00::60;            interface lan }
        """,
        """
        let a   = 10.0.0.1
        let bcd = {10.0.0.1, 10.0.0.2}
        service web   = tcp {80, 443}
        service calls = tcp 5060, udp 5060
        """,
        """
        pool onlink 198.51.100.16/28, 2001:db8::/64 at internet
        pool routed 203.0.113.0/24                  at internet
        eip 198.51.100.25   <-> mail     vrf a datapath nft
        eip 203.0.113.64/26 <-> 10.2.0.0 vrf a datapath tc
        eip 203.0.113.128   <-> c
        """,
        """
        route default        via 192.0.2.1 vrf a from {10.0.0.0/8, fd00::/8}
        route 192.168.0.0/16 on lan        vrf ab metric 5
        route 10.0.0.0/8     via 192.0.2.1 weight 2, 192.0.2.2 vrf a
        route ::/0           blackhole
        neighbor 10.0.0.1   on lan    managed
        neighbor 10.0.0.100 on uplink 52:54:00:00:00:80
        """,
        """
        nat a -> b {
            dnat tcp, udp 203.0.113.10:53       -> dns
            dnat tcp      [2001:db8:2::10]:8080 -> web:80
            dnat          2001:db8:2::60        -> sip
            snat {10.0.0.0/24, 10.1.0.0/24} -> 203.0.113.100   ports 20000-29999
            snat fd00::/64                  -> 2001:db8:2::100 ports 20000-29999
            masquerade
        }
        """,
        """
        host a {
            kernel   6.1
            offload  software
            datapath nft
            route default       via 192.0.2.1
            route 192.0.2.64/26 on b
        }
        tunnel b {
            type   gretap
            shared
            local  10.0.0.1
        }
        eips      from "eips.csv"
        endpoints from "endpoints.csv"
        """,
        """
        policy internet -> tenant { accept tcp 80; drop }
        policy a -> b             { accept; drop }
        policy tenant -> internet {
            accept
        }
        nat a -> bcd { masquerade }
        nat a -> b   { masquerade }
        """,
    ],
)
def test_like_stands_below_like(text: str) -> None:
    same(text)
    words = "\n".join(" ".join(line.split()) for line in dedent(text).lstrip("\n").split("\n"))
    assert held(words) == dedent(text).lstrip("\n")


def test_only_neighbours_are_aligned() -> None:
    same(
        """
        zone a { interface b }

        zone cccc { interface d }
        # a comment
        zone ee { interface f }
        vrf ggg { table 1 }
        """
    )


def test_a_name_that_is_far_too_long_pushes_no_other_line() -> None:
    same(f"zone a {{ interface b }}\nzone {'c' * 50} {{ interface d }}\n")
