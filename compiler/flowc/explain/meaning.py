"""Examples of what resolution finds about zones, translation, tunnels, routes and neighbours."""

from __future__ import annotations

from flowc.explain.example import Example

_INSIDE = """\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
"""
_BOTH = """\
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
zone inside { interface lan }
zone outside { interface wan }
"""
_POLICY = "policy outside -> inside { accept tcp }\n"

EXAMPLES = {
    "FC201": Example(
        bad=f"{_INSIDE}zone dmz {{ interface lan }}\n",
        good="""\
interface lan { device eth1; address 10.0.0.1/24 }
interface servers { device eth2; address 10.0.1.1/24 }
zone inside { interface lan }
zone dmz { interface servers }
""",
    ),
    "FC203": Example(
        bad=f"{_INSIDE}policy inside -> self {{ accept tcp 22 }}\npolicy inside -> self {{ accept tcp 53 }}\n",
        good=f"{_INSIDE}policy inside -> self {{ accept tcp {{22, 53}} }}\n",
    ),
    "FC204": Example(
        bad="policy self -> self { accept }\n",
        good=f"{_INSIDE}policy self -> inside {{ accept }}\n",
    ),
    "FC205": Example(
        bad=f"{_INSIDE}policy inside -> self {{ drop tcp 22 offload }}\n",
        good=f"{_INSIDE}policy inside -> self {{ drop tcp 22 }}\n",
    ),
    "FC206": Example(
        bad=f"{_INSIDE}policy inside -> self {{ accept icmp ping }}\n",
        good=f"{_INSIDE}policy inside -> self {{ accept icmp echo-request }}\n",
    ),
    "FC301": Example(
        bad=f"{_BOTH}pool public 203.0.113.0/24 at outside\neip 203.0.113.5 <-> 10.0.0.5\neip 203.0.113.5 <-> 10.0.0.6\n",
        good=f"{_BOTH}{_POLICY}pool public 203.0.113.0/24 at outside\n"
        "eip 203.0.113.5 <-> 10.0.0.5\neip 203.0.113.6 <-> 10.0.0.6\n",
    ),
    "FC302": Example(
        bad=f"{_BOTH}{_POLICY}"
        "nat outside -> inside {\n    dnat tcp 192.0.2.2:80-89 -> 10.0.0.5:80-89\n    dnat tcp 192.0.2.2:80 -> 10.0.0.6:80\n}\n",
        good=f"{_BOTH}{_POLICY}"
        "nat outside -> inside {\n    dnat tcp 192.0.2.2:81-89 -> 10.0.0.5:81-89\n    dnat tcp 192.0.2.2:80 -> 10.0.0.6:80\n}\n",
    ),
    "FC303": Example(
        bad=f"{_INSIDE}eip 203.0.113.5 <-> 10.0.0.5\n",
        good=f"{_BOTH}{_POLICY}pool public 203.0.113.0/24 at outside\neip 203.0.113.5 <-> 10.0.0.5\n",
    ),
    "FC304": Example(
        bad=f"{_BOTH}pool large 203.0.113.0/24 at outside\npool small 203.0.113.64/26 at outside\n",
        good=f"{_BOTH}pool large 203.0.113.0/25 at outside\npool small 203.0.113.128/26 at outside\n",
    ),
    "FC305": Example(
        bad=f"{_BOTH}{_POLICY}nat outside -> inside {{ dnat tcp 192.0.2.2:80-89 -> 10.0.0.5:80-90 }}\n",
        good=f"{_BOTH}{_POLICY}nat outside -> inside {{ dnat tcp 192.0.2.2:80-89 -> 10.0.0.5:80-89 }}\n",
    ),
    "FC306": Example(
        bad=f"{_BOTH}{_POLICY}nat outside -> inside {{ dnat tcp 192.0.2.2:80 -> 10.9.9.9:80 }}\n",
        good=f"{_BOTH}{_POLICY}nat outside -> inside {{ dnat tcp 192.0.2.2:80 -> 10.0.0.9:80 }}\n",
    ),
    "FC401": Example(
        bad="""\
tunnel a { type gretap; key 7; local 192.0.2.1; remote 192.0.2.9 }
tunnel b { type gretap; key 7; local 192.0.2.1; remote 192.0.2.9 }
""",
        good="""\
interface uplink { device eth0; address 192.0.2.1/24 }
zone outside { interface uplink }
tunnel a { type gretap; key 7; local 192.0.2.1; remote 192.0.2.9 }
tunnel b { type gretap; key 8; local 192.0.2.1; remote 192.0.2.9 }
zone remote { interface a, b }
""",
    ),
    "FC501": Example(
        bad="vrf acme { table 254 }\n",
        good="vrf acme { table 1000 }\n",
    ),
    "FC502": Example(
        bad="""\
vrf acme { table 1000 }
vrf globex { table 1000 }
""",
        good="""\
vrf acme { table 1000 }
vrf globex { table 1001 }
""",
    ),
    "FC503": Example(
        bad=f"{_INSIDE}route default via 10.9.9.9\n",
        good=f"{_INSIDE}route default via 10.0.0.9\n",
    ),
    "FC504": Example(
        bad=f"{_INSIDE}route default via 10.0.0.2\nroute default via 10.0.0.3\n",
        good=f"{_INSIDE}route default via 10.0.0.2\nroute default via 10.0.0.3 metric 100\n",
    ),
    "FC601": Example(
        bad=f"{_INSIDE}endpoint vm {{ address 10.0.0.5; interface lan; mac 52:54:00:00:00:05 }}\nneighbor 10.0.0.5 on lan managed\n",
        good=f"{_INSIDE}endpoint vm {{ address 10.0.0.5; interface lan; mac 52:54:00:00:00:05 }}\n"
        "neighbor 10.0.0.6 on lan managed\n",
    ),
}
