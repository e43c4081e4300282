"""What could have been read of the gateway of examples/tenant-eip.flow, when all is as it shall be."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.quick.cut.making import entry
from tests.quick.trace.asking import host_of

from flowc.delta.compared import ComparedStates
from flowc.facts import Facts, Index, Link, Neighbor
from flowc.hoststate.marks import OFFLOAD_MARK
from flowc.hoststate.tracked import TCP_ESTABLISHED, Counted, Status, Tracked
from flowc.ir.network import Host
from flowc.verify.host import verified
from flowc.verify.model import Finding, Part, State, Verified
from flowc.verify.observed import Observed, PathRead, Sample

TENANT = (Path(__file__).parents[3] / "examples/tenant-eip.flow").read_text()
SEEN = Status.CONFIRMED | Status.ASSURED | Status.SEEN_REPLY
EIP = ("10.0.1.241|40000", "2.2.2.11|12865")
EIP_BACK = ("10.0.0.75|12865", "10.0.1.241|40000")
"""From the internet to the EIP of the VM: the rule offloads it."""
NOTHING = ComparedStates((), (), ())
LINKS = (
    Link(name="eth0", mtu=1500, up=True, operstate="up"),
    Link(name="tap75", mtu=1500, up=True, operstate="up", master="acme"),
    Link(name="gre1000", kind="gretap", mtu=1458, up=True, operstate="unknown", master="acme"),
)
NEIGHBORS = (
    Neighbor(device="tap75", address="10.0.0.75", mac="52:54:00:00:00:75", state="permanent"),
    Neighbor(device="gre1000", address="10.0.1.241", mac="52:54:00:00:02:41", state="permanent"),
    Neighbor(device="eth0", address="172.168.152.241", mac="52:54:00:00:00:09", state="stale"),
)
FACTS = Facts(version=1, hostname="gw1", links=LINKS, neighbors=NEIGHBORS)
PATHS = {"gre1000": PathRead("eth0", None, None)}
FLOWTABLE = frozenset({"tap75", "gre1000"})


def tenant(folder: Path, *changes: tuple[str, str]) -> Host:
    text = TENANT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return host_of(text, folder)


def flow(
    protocol: str = "tcp", there: tuple[str, str] = EIP, back: tuple[str, str] | None = EIP_BACK, *,
    status: Status = SEEN, mark: int = OFFLOAD_MARK, offloaded: bool = False, tcp: int | None = TCP_ESTABLISHED,
    timeout: int = 1000, packets: int | None = None, number: int = 1,
) -> Tracked:  # fmt: skip
    """A connection of the tenant's zone."""
    made = entry(
        protocol, there, back, zone=1000, status=status | (Status.OFFLOAD if offloaded else Status(0)), number=number
    )
    return made._replace(
        mark=mark,
        tcp=tcp if protocol == "tcp" and not offloaded else None,
        timeout=None if offloaded else timeout,
        counters=None if packets is None else (Counted(packets, 0), Counted(0, 0)),
    )


def observed(
    *entries: Tracked,
    before: Iterable[Tracked] | None = None,
    forwarded: tuple[int | None, int | None] = (0, 0),
    flowtable: frozenset[str] = FLOWTABLE,
    paths: dict[str, PathRead] = PATHS,
) -> Observed:
    """Two moments, a second apart; at both there were the same connections if nothing else is said."""
    first = Sample(1, tuple(entries if before is None else before), forwarded[0])
    return Observed(first, Sample(2, entries, forwarded[1]), flowtable, (), paths)


def facts(links: Iterable[Link] = (), neighbors: Iterable[Neighbor] | None = None, without: str = "") -> Facts:
    """Those of the gateway with other devices of the same name, and without one."""
    other = {one.name: one for one in links}
    return FACTS.model_copy(
        update={
            "links": tuple(other.get(one.name, one) for one in LINKS if one.name != without),
            "neighbors": NEIGHBORS if neighbors is None else tuple(neighbors),
        }
    )


def verify(
    host: Host,
    seen: Observed | None = None,
    known: Facts = FACTS,
    *,
    compared: ComparedStates = NOTHING,
    absent: tuple[str, ...] = (),
) -> Verified:
    return verified(host, compared, absent, known, (), seen or observed())


def only(found: Verified, part: Part, state: State = State.WRONG) -> Finding:
    """The only finding of that kind."""
    (one,) = (each for each in found.of(part) if each.state is state)
    return one


def index(known: Facts = FACTS) -> Index:
    return Index(known)
