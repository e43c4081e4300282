"""Examples of names that are not there or are there twice, and of values that do not exist."""

from __future__ import annotations

from flowc.explain.example import Example

_LAN = """\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
"""

_TESTED = f"{_LAN}policy inside -> self {{ accept tcp 53 }}\n"
_TESTED6 = _TESTED.replace("10.0.0.1/24", "fd00::1/64")
_TWO_HOSTS = """\
host left {
    interface lan { device eth1; address 10.0.0.1/24 }
    zone office { interface lan }
    endpoint pc { address 10.0.0.5; interface lan }
    policy office -> self { accept tcp 53 }
}
host right {
    interface lan { device eth1; address 10.1.0.1/24 }
    zone floor { interface lan }
    policy floor -> self { accept tcp 53 }
}
"""
_SSH = "tcp 10.0.0.5 -> 10.0.0.1:22 from inside"

EXAMPLES = {
    "FC101": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lna }
""",
        good=_LAN,
    ),
    "FC102": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone lan { interface lan }
""",
        good=_LAN,
    ),
    "FC103": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
endpoint vm { address 10.0.0.5; interface inside }
""",
        good="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
endpoint vm { address 10.0.0.5; interface lan }
""",
    ),
    "FC104": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone self { interface lan }
""",
        good=_LAN,
    ),
    "FC105": Example(
        bad="interface lan { device eth1; device eth2; address 10.0.0.1/24 }\n",
        good=_LAN,
    ),
    "FC106": Example(
        bad="tunnel far { type gretap; local 192.0.2.1 }\n",
        good="""\
interface uplink { device eth0; address 192.0.2.1/24 }
zone outside { interface uplink }
tunnel far { type gretap; local 192.0.2.1; remote 192.0.2.9 }
zone remote { interface far }
""",
    ),
    "FC107": Example(
        bad="""\
interface lan { dhcp; vlan 5 on eth; bridge port }
interface eth { device eth0 }
interface port { device eth1 }
""",
        good="""\
interface lan { dhcp; vlan 5 on eth }
interface eth { device eth0 }
zone inside { interface lan }
""",
    ),
    "FC108": Example(
        bad="interface lan { device eth1; address 10.0.0.300/24 }\n",
        good="interface lan { device eth1; address 10.0.0.30/24 }\nzone inside { interface lan }\n",
    ),
    "FC109": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 from 10.0.0.1/24 }
""",
        good="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 from 10.0.0.0/24 }
""",
    ),
    "FC110": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24, 2001:db8::1/64 }
route 10.9.0.0/16 via 2001:db8::9
""",
        good="""\
interface lan { device eth1; address 10.0.0.1/24, 2001:db8::1/64 }
zone inside { interface lan }
route 10.9.0.0/16 via 10.0.0.9
""",
    ),
    "FC111": Example(
        bad="service web = tcp 80443\n",
        good="service web = tcp {80, 443}\n",
    ),
    "FC112": Example(
        bad="service web = tcp 443-80\n",
        good="service web = tcp 80-443\n",
    ),
    "FC113": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }
endpoint vm { address 10.0.0.5; interface lan; mac 01:00:5e:00:00:05 }
""",
        good="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
endpoint vm { address 10.0.0.5; interface lan; mac 52:54:00:00:00:05 }
""",
    ),
    "FC114": Example(
        bad="interface lan { device a-very-long-device-name; address 10.0.0.1/24 }\n",
        good="interface lan { device enp129s0f0np0; address 10.0.0.1/24 }\nzone inside { interface lan }\n",
    ),
    "FC115": Example(
        bad="vrf acme { table 5000000000 }\n",
        good="vrf acme { table 1000 }\n",
    ),
    "FC116": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }
endpoint vm { address 10.0.0.255; interface lan }
""",
        good="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
endpoint vm { address 10.0.0.254; interface lan }
""",
    ),
    "FC117": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { drop log "what has no policy, from the machines inside to the gateway itself: write to the operators before you open anything here, please" }
""",
        good="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { drop log "inside-self" }
""",
    ),
    "FC118": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }
interface dmz { device eth1; address 10.0.1.1/24 }
""",
        good="""\
interface lan { device eth1; address 10.0.0.1/24 }
interface dmz { device eth2; address 10.0.1.1/24 }
zone inside { interface lan, dmz }
""",
    ),
    "FC119": Example(
        bad="""\
service web = plain, tcp 443
service plain = web
""",
        good="""\
service web = plain, tcp 443
service plain = tcp 80
""",
    ),
    "FC120": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24, 2001:db8::1/64 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 from 10.0.0.0/8 to 2001:db8::1 }
""",
        good="""\
interface lan { device eth1; address 10.0.0.1/24, 2001:db8::1/64 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 from 2001:db8::/64 to 2001:db8::1 }
""",
    ),
    "FC121": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/0 }
zone inside { interface lan }
""",
        good=_LAN,
    ),
    "FC122": Example(
        bad="""\
let admins = 10.0.0.16/28
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 from 10.0.0.16/28 }
""",
        good="""\
let admins = 10.0.0.16/28
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 from admins }
""",
    ),
    "FC123": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 from {10.0.0.16/28, 10.0.0.17} }
""",
        good="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 from {10.0.0.16/28, 10.0.0.37} }
""",
    ),
    "FC124": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 from not 0.0.0.0/0 }
""",
        good="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 from not 10.0.0.0/28 }
""",
    ),
    "FC125": Example(
        bad=f'{_TESTED}test "ssh" {{\n    expect drop\n    {_SSH}\n    expect drop\n}}\n',
        good=f'{_TESTED}test "ssh" {{\n    {_SSH}\n    expect drop\n}}\n',
    ),
    "FC126": Example(
        bad=f'{_TESTED}test "ssh" {{\n    {_SSH}\n}}\n',
        good=f'{_TESTED}test "ssh" {{\n    {_SSH}\n    expect drop\n}}\n',
    ),
    "FC127": Example(
        bad=f'{_TESTED}test "closed" {{ {_SSH}; expect drop }}\n'
        'test "closed" { tcp 10.0.0.5 -> 10.0.0.1:80 from inside; expect drop }\n',
        good=f'{_TESTED}test "ssh is closed" {{ {_SSH}; expect drop }}\n'
        'test "http is closed" { tcp 10.0.0.5 -> 10.0.0.1:80 from inside; expect drop }\n',
    ),
    "FC128": Example(
        bad=f'{_TESTED}test "ssh" {{\n    {_SSH}\n    expect accept, drop\n}}\n',
        good=f'{_TESTED}test "ssh" {{\n    {_SSH}\n    expect drop\n}}\n',
    ),
    "FC129": Example(
        bad=f'{_TWO_HOSTS}test "closed" {{\n    tcp pc -> 10.1.0.1:22 from floor\n    expect drop\n}}\n',
        good=f'{_TWO_HOSTS}test "closed" {{\n    tcp 10.0.0.5 -> 10.1.0.1:22 from floor\n    expect drop\n}}\n',
    ),
    "FC130": Example(
        bad=f'{_TESTED6}test "ssh" {{\n    tcp fd00::5 -> fd00::1:22 from inside\n    expect drop\n}}\n',
        good=f'{_TESTED6}test "ssh" {{\n    tcp fd00::5 -> [fd00::1]:22 from inside\n    expect drop\n}}\n',
    ),
}
