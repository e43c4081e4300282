"""Where source translation has nothing to translate, since no policy lets anything through."""

import pytest
from tests.quick.checks.reported import reported

HOST = """
interface a { device eth1; address 10.1.0.1/24 }
interface b { device eth2; address 10.2.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
route default via 192.0.2.1
zone za { interface a }
zone zb { interface b }
zone net { interface wan }
"""


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("policy za -> net { accept }\nnat zb -> net { masquerade }", 1),
        ("policy za -> net { accept }\nnat zb -> net { snat 10.2.0.0/24 -> 192.0.2.7; masquerade }", 1),
        ("policy zb -> net { drop tcp 25; reject }\nnat zb -> net { masquerade }", 1),
        ("policy any -> net { accept }\npolicy zb -> net { drop }\nnat zb -> net { masquerade }", 1),
        ("policy net -> zb { accept }\nnat zb -> net { masquerade }", 1),  # the other way
        ("policy zb -> self { accept }\nnat zb -> net { masquerade }", 1),
        ("policy zb -> net { drop tcp 25; accept }\nnat zb -> net { masquerade }", 0),
        ("policy any -> net { accept }\nnat zb -> net { masquerade }", 0),
        ("policy zb -> any { accept }\nnat zb -> net { masquerade }", 0),
        ("policy any -> any { accept }\nnat zb -> net { masquerade }", 0),
        ("nat zb -> zb { masquerade }", 0),  # of callers of a port forward
        ("nat net -> zb { dnat tcp 192.0.2.2:80 -> 10.2.0.80 }", 0),  # of another check
    ],
)
def test_a_pair_that_no_policy_admits_anything_of(declared: str, expected: int) -> None:
    assert reported(HOST + declared + "\n", "FC330") == ["FC330"] * expected


def test_what_stands_outside_of_the_hosts_needs_a_policy_on_one_of_them() -> None:
    shared = "zone inside { interface lan }\nzone outside { interface wan }\nnat inside -> outside { masquerade }\n"
    host = "host {} {{\n interface lan {{ device eth1 }}\n interface wan {{ device eth0 }}\n {}\n}}\n"
    one, policy = host.format("one", ""), "policy inside -> outside { accept }"
    assert reported(shared + one + host.format("two", policy), "FC330") == []
    assert reported(shared + one + host.format("two", ""), "FC330") == ["FC330"]
