"""A short file for each code that resolution and the parser report, for docs/diagnostics.md. Checks bring their own.

Each is the least that is reported with its code; what is printed about it is made when the page is. A code without an
example here is documented all the same, by its explanation.
"""

EXAMPLES: dict[str, str] = {
    "FC001": """\
interface lan { device eth1; address }
""",
    "FC002": """\
interface lan { device eth1; adress 10.0.0.1/24 }
""",
    "FC003": """\
interface lan { device eth1 }
zone inside { accept tcp 22; interface lan }
""",
    "FC004": """\
interface lan { device eth1 }
accept tcp 22
""",
    "FC005": """\
interface lan { device eth1 address 10.0.0.1/24 }
""",
    "FC006": """\
interface lan { device eth1
zone inside { interface lan }
""",
    "FC007": """\
zone inside { interface lan } }
interface lan { device eth1 }
""",
    "FC008": """\
interface "4g { device wwan0 }
""",
    "FC009": """\
interface “lan” { device eth1 }
""",
    "FC010": """\
interface 4g { device wwan0 }
""",
    "FC011": """\
interface a { device eth0 }
zone all { interface a }
policy all -> all { accept tcp 80, 443 }
""",
    "FC020": """\
include "common.flow"
""",
    "FC021": """\
include "example.flow"
""",
    "FC024": """\
eips from "eips.csv"
""",
    "FC030": """\
interface lan { device eth1 }  # flowc: ignore
zone inside { interface lan }
""",
    "FC031": """\
interface lan { device eth1 }  # flowc: ignore[interface-without-zones] not used yet
""",
    "FC032": """\
interface lan { device eth1 }  # flowc: ignore[unknown-name] declared later
zone inside { interface lan }
""",
    "FC033": """\
interface lan { device eth1 }  # flowc: ignore[interface-without-zone] not used yet
zone inside { interface lan }
""",
    "FC034": """\
interface lan { device eth1 }  # flowc: ignore[interface-without-zone]
""",
    "FC101": """\
interface lan { device eth1 }
zone inside { interface lna }
""",
    "FC102": """\
interface lan { device eth1 }
zone lan { interface lan }
""",
    "FC103": """\
interface lan { device eth1 }
zone inside { interface lan }
endpoint vm { address 10.0.0.5; interface inside }
""",
    "FC104": """\
interface lan { device eth1 }
zone self { interface lan }
""",
    "FC105": """\
interface lan { device eth1; device eth2 }
""",
    "FC106": """\
tunnel far { type gretap; local 192.0.2.1 }
""",
    "FC107": """\
interface lan { dhcp; vlan 5 on eth; bridge port }
interface eth { }
interface port { }
""",
    "FC108": """\
interface lan { device eth1; address 10.0.0.300/24 }
""",
    "FC109": """\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 from 10.0.0.1/24 }
""",
    "FC110": """\
interface lan { device eth1; address 10.0.0.1/24, 2001:db8::1/64 }
route 10.9.0.0/16 via 2001:db8::9
""",
    "FC111": """\
service web = tcp 80443
""",
    "FC112": """\
service web = tcp 443-80
""",
    "FC113": """\
interface lan { device eth1; address 10.0.0.1/24 }
endpoint vm { address 10.0.0.5; interface lan; mac 01:00:5e:00:00:05 }
""",
    "FC114": """\
interface lan { device a-very-long-device-name }
""",
    "FC115": """\
vrf acme { table 5000000000 }
""",
    "FC116": """\
interface lan { device eth1; address 10.0.0.1/24 }
endpoint vm { address 10.0.0.255; interface lan }
""",
    "FC117": """\
interface lan { device eth1 }
zone inside { interface lan }
policy inside -> self { drop log "a prefix of this length has no place in a line of the kernel's log, where the packet itself has to stand behind it; shorter is better" }
""",
    "FC118": """\
interface lan { device eth1 }
interface dmz { device eth1 }
""",
    "FC119": """\
service a = b
service b = a
""",
    "FC120": """\
interface lan { device eth1 }
zone inside { interface lan }
policy inside -> self { accept from 10.0.0.0/8 to 2001:db8::1 }
""",
    "FC201": """\
interface lan { device eth1 }
zone inside { interface lan }
zone dmz { interface lan }
""",
    "FC203": """\
interface lan { device eth1 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
policy inside -> self { accept tcp 53 }
""",
    "FC204": """\
policy self -> self { accept }
""",
    "FC205": """\
interface lan { device eth1 }
zone inside { interface lan }
policy inside -> self { drop offload }
""",
    "FC206": """\
interface lan { device eth1 }
zone inside { interface lan }
policy inside -> self { accept icmp ping }
""",
    "FC301": """\
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
zone inside { interface lan }
zone outside { interface wan }
pool public 203.0.113.0/24 at outside
eip 203.0.113.5 <-> 10.0.0.5
eip 203.0.113.5 <-> 10.0.0.6
""",
    "FC302": """\
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
zone inside { interface lan }
zone outside { interface wan }
nat outside -> inside {
    dnat tcp 192.0.2.2:80-89 -> 10.0.0.5:80-89
    dnat tcp 192.0.2.2:80 -> 10.0.0.6:80
}
""",
    "FC303": """\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
eip 203.0.113.5 <-> 10.0.0.5
""",
    "FC304": """\
interface wan { device eth0; address 192.0.2.2/24 }
zone outside { interface wan }
pool large 203.0.113.0/24 at outside
pool small 203.0.113.64/26 at outside
""",
    "FC305": """\
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
zone inside { interface lan }
zone outside { interface wan }
nat outside -> inside { dnat tcp 192.0.2.2:80-89 -> 10.0.0.5:80-90 }
""",
    "FC306": """\
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
zone inside { interface lan }
zone outside { interface wan }
nat outside -> inside { dnat tcp 192.0.2.2:80 -> 10.9.9.9:80 }
""",
    "FC401": """\
tunnel a { type gretap; key 7; local 192.0.2.1; remote 192.0.2.9 }
tunnel b { type gretap; key 7; local 192.0.2.1; remote 192.0.2.9 }
""",
    "FC501": """\
vrf acme { table 254 }
""",
    "FC502": """\
vrf acme { table 1000 }
vrf globex { table 1000 }
""",
    "FC503": """\
interface lan { device eth1; address 10.0.0.1/24 }
route default via 10.9.9.9
""",
    "FC504": """\
interface lan { device eth1; address 10.0.0.1/24 }
route default via 10.0.0.2
route default via 10.0.0.3
""",
    "FC601": """\
interface lan { device eth1; address 10.0.0.1/24 }
endpoint vm { address 10.0.0.5; interface lan }
neighbor 10.0.0.5 on lan managed
""",
    "FC602": """\
interface lan { device eth1; address 10.0.0.1/24 }
endpoint vm { address 10.9.9.9; interface lan }
zone inside { interface lan }
""",
}
