"""What a namespace tells of its addresses."""

from flowc.testbed.namespace import with_tentative

ADDRESSES = """
00000000000000000000000000000001 01 80 10 80       lo
fd000000000000000000000000000001 02 40 00 82     eth0
fe80000000000000000000fffe000001 02 40 20 c0     eth0
fe80000000000000000000fffe000002 03 40 20 80     eth1
"""


def test_an_address_that_is_not_of_use_yet_is_seen() -> None:
    assert with_tentative(ADDRESSES.lstrip()) == {"eth0"}
