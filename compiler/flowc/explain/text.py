"""Examples of what is wrong with the text of a file, with what it includes, and with its tables."""

from __future__ import annotations

from flowc.explain.example import FILE, Example

_LAN = """\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
"""

_IGNORED = """\
interface lan { device eth1; address 10.0.0.1/24 }  # flowc: ignore[interface-without-zone] not used yet
"""

EXAMPLES = {
    "FC001": Example(
        bad="interface lan { device eth1; address }\n",
        good=_LAN,
    ),
    "FC002": Example(
        bad="interface lan { device eth1; adress 10.0.0.1/24 }\n",
        good=_LAN,
    ),
    "FC003": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { accept tcp 22; interface lan }
""",
        good="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
    ),
    "FC004": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }
accept tcp 22
""",
        good="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
    ),
    "FC005": Example(
        bad="interface lan { device eth1 address 10.0.0.1/24 }\n",
        good=_LAN,
    ),
    "FC006": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24
zone inside { interface lan }
""",
        good=_LAN,
    ),
    "FC007": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 } }
zone inside { interface lan }
""",
        good=_LAN,
    ),
    "FC008": Example(
        bad='interface "4g { device wwan0; address 10.0.0.1/24 }\n',
        good='interface "4g" { device wwan0; address 10.0.0.1/24 }\nzone inside { interface "4g" }\n',
    ),
    "FC009": Example(
        bad="interface “lan” { device eth1; address 10.0.0.1/24 }\n",
        good='interface "lan" { device eth1; address 10.0.0.1/24 }\nzone inside { interface "lan" }\n',
    ),
    "FC010": Example(
        bad="interface 4g { device wwan0; address 10.0.0.1/24 }\n",
        good='interface "4g" { device wwan0; address 10.0.0.1/24 }\nzone inside { interface "4g" }\n',
    ),
    "FC011": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 80, 443 }
""",
        good="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp {80, 443} }
""",
    ),
    "FC012": Example(
        bad=f"let networks = {'{' * 70}10.0.0.0/8{'}' * 70}\n",
        good="let networks = {10.0.0.0/8}\n",
    ),
    "FC013": Example(
        bad="\n".join(
            f"Nov 25 10:{minute:02}:{second:02} gw1 kernel: no flow file" for minute in (1, 2) for second in range(60)
        )
        + "\n",
        good=_LAN,
    ),
    "FC020": Example(
        bad='include "comon.flow"\n',
        good='include "common.flow"\n',
        beside={"common.flow": _LAN},
    ),
    "FC021": Example(
        bad=f'include "{FILE}"\n',
        good='include "common.flow"\n',
        beside={"common.flow": _LAN},
    ),
    "FC022": Example(
        bad='host gw1 { include "gw2.flow" }\n',
        good='include "gw2.flow"\n',
        beside={"gw2.flow": f"host gw2 {{ offload off }}\n{_LAN}"},
    ),
    "FC023": Example(
        bad='include "latin1.flow"\n',
        good='include "common.flow"\n',
        beside={"latin1.flow": f"# Z\udcfcrich\n{_LAN}", "common.flow": f"# Zürich\n{_LAN}"},
    ),
    "FC024": Example(
        bad='endpoints from "machine.csv"\n',
        good="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
endpoints from "machines.csv"
""",
        beside={"machines.csv": "name,address,interface\nweb,10.0.0.80,lan\n"},
    ),
    "FC025": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
endpoints from "old.csv"
""",
        good="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
endpoints from "machines.csv"
""",
        beside={
            "old.csv": "name,ip,interface\nweb,10.0.0.80,lan\n",
            "machines.csv": "name,address,interface\nweb,10.0.0.80,lan\n",
        },
    ),
    "FC026": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
endpoints from "old.csv"
""",
        good="""\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
endpoints from "machines.csv"
""",
        beside={
            "old.csv": "name,address,interface\nweb,10.0.0.80\n",
            "machines.csv": "name,address,interface\nweb,10.0.0.80,lan\n",
        },
    ),
    "FC030": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }  # flowc: ignore
zone inside { interface lan }
""",
        good=_IGNORED,
    ),
    "FC031": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }  # flowc: ignore[interface-without-zones] not used yet
zone inside { interface lan }
""",
        good=_IGNORED,
    ),
    "FC032": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }  # flowc: ignore[unknown-name] declared later
zone inside { interface lan }
""",
        good=_IGNORED,
    ),
    "FC033": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }  # flowc: ignore[interface-without-zone] not used yet
zone inside { interface lan }
""",
        good=_IGNORED,
    ),
    "FC034": Example(
        bad="""\
interface lan { device eth1; address 10.0.0.1/24 }  # flowc: ignore[interface-without-zone]
""",
        good=_IGNORED,
    ),
}
