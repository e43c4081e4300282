"""The gateway under test: a .flow file, compiled by flowc and loaded in a namespace by its own apply.sh."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from tests.packets.lab import Namespace
from tests.packets.observe import Connection, Counter, connections, rule_counters, wait_until
from tests.packets.servers import Peer
from tests.packets.sniff import send, sniff
from tests.packets.traffic import BRIEF, Flow, TcpFlow

from flowc.api import compile_files, write_directory
from flowc.backends import LOADER
from flowc.backends.files import host_folder
from flowc.diagnostics.render_text import render_text

EXAMPLES = Path(__file__).parents[2] / "examples"
LOADING_LIMIT = 150.0  # seconds: the script starts some fifty processes, each slow in a guest on a busy machine
SLOW = "not offloaded"  # the comment of the forward chain's first rule: all that a flowtable does not carry
_MANY = 40  # round trips: were a flow not offloaded, the forward chain would see twice as many packets

T = TypeVar("T")


def together(*calls: Callable[[], T]) -> list[T]:
    """The results of calls that are made at the same time: waiting for what does not come is most of their time."""
    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        return [made.result() for made in [pool.submit(call) for call in calls]]


def arriving(frames: Sequence[bytes], *, sender: Namespace, device: str, at: Namespace, on: str = "eth0") -> list[bool]:
    """Of each frame sent: is what it holds seen elsewhere? The payload is its place in the list, in decimal."""
    payloads = [b"%d" % number for number in range(len(frames))]
    with sniff(at, on) as seen:
        send(sender, device, *frames)
        wait_until(lambda: {*payloads} <= {packet.payload for packet in seen.packets()}, BRIEF)
        found = {packet.payload for packet in seen.select(lambda packet: not packet.outgoing)}
    return [payload in found for payload in payloads]


class Gateway:
    """A namespace that is what the .flow file says."""

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self._folder = Path(namespace.keep(TemporaryDirectory()))

    def load(self, text: str, host: str | None = None) -> None:
        """Compile a file's text for its only host, or for this one, and run apply.sh; raise if one of them fails."""
        self.namespace.run(str(self.compile(text, host)), timeout=LOADING_LIMIT)

    def compile(self, text: str, host: str | None = None) -> Path:
        """Compile a file's text for its only host, or for this one; return the path of its apply.sh."""
        file = self._folder / "gateway.flow"
        file.write_text(text)
        result = compile_files([file], host)
        assert not result.diagnostics.has_errors, render_text(result.diagnostics)
        (host,) = result.states
        write_directory(result.states, self._folder)
        return self._folder / host_folder(host) / LOADER.file

    def state(self) -> str:
        """All that apply.sh could have changed, without counters, the timers of bridges and the numbers of actions."""
        shown = ["-details -oneline link"]
        shown += [f"-{family} {what}" for family in (4, 6) for what in ("addr", "rule", "route show table all")]
        parts = [self.namespace.run("ip", *one.split()) for one in shown]
        # A hash table: in any order.
        parts += sorted(self.namespace.run("ip", "neigh", "show", "nud", "permanent").splitlines(keepends=True))
        parts += map(self._filters, self._filtered())
        text = "".join([self.namespace.run("nft", "--stateless", "list", "ruleset"), *parts])
        return re.sub(r"_timer +[0-9.]+", "_timer", text)

    def _filtered(self) -> list[str]:
        """The devices with filters."""
        listed = json.loads(self.namespace.run("tc", "-json", "qdisc", "show"))
        return [one["dev"] for one in listed if one["kind"] == "clsact"]

    def _filters(self, device: str) -> str:
        """Those of a device, without the numbers that the kernel gives to their actions."""
        listed = self.namespace.run("tc", "-json", "filter", "show", "dev", device, "ingress")
        return re.sub(r'"(index|ref|bind)":\d+', "", listed)

    def counters(self) -> dict[str, Counter]:
        """The counters of the ruleset, by comment."""
        return rule_counters(self.namespace)

    def slow_packets(self) -> int:
        """Packets that passed the forward chain until now."""
        return self.counters()[SLOW].packets

    def offloads(self, flow: Flow, port: int) -> Peer:
        """Assert that the flowtable carries this flow from that client's port; return the one source its server saw."""
        protocol = "tcp" if isinstance(flow, TcpFlow) else "udp"
        first = flow.round_trips(3)
        assert wait_until(lambda: self.connection(protocol, port=port).offloaded)
        before = self.slow_packets()
        then = flow.round_trips(_MANY)
        assert self.slow_packets() - before < _MANY // 4  # a flow before it may still be ending
        assert then.source is not None
        assert then.source == first.source
        return then.source

    def ends(self, protocol: str, port: int) -> tuple[str, int | None, str, int | None]:
        """The address and port that the connection of that client's port was sent to, and those that it went to."""
        one = self.connection(protocol, port=port)
        return one.original.destination, one.original.destination_port, one.reply.source, one.reply.source_port

    def logged(self, prefix: str) -> int:
        """Lines with this prefix in the kernel's log; see the fixture `kernel_log`."""
        listed = self.namespace.run("dmesg", "--notime")
        return sum(line.startswith(f"{prefix}: ") for line in listed.splitlines())

    @contextmanager
    def dropping(self, comment: str, packets: int = 1) -> Iterator[None]:
        """Assert that within the context rules with this comment dropped at least that many packets."""
        before = self._dropped(comment)
        yield
        dropped = wait_until(lambda: max(self._dropped(comment) - before - packets + 1, 0), timeout=2)
        assert dropped, f"{comment!r} did not count {packets} packets"

    def _dropped(self, comment: str) -> int:
        """The counters of the rules whose comment is, or ends with, this one (a place in the file stands before)."""
        return sum(counter.packets for name, counter in self.counters().items() if name.endswith(comment))

    def connection(self, protocol: str, *, port: int) -> Connection:
        """The one connection whose client used this port (ICMP: this identifier)."""

        def found() -> Connection | None:
            listed = [
                one
                for one in connections(self.namespace, protocol)
                if port in {one.original.source_port, one.original.identifier}
            ]
            return listed[0] if len(listed) == 1 else None

        # The kernel lists its table in several steps, and what comes or goes in between may hide an entry.
        only = wait_until(found, timeout=2)
        assert only is not None, f"no connection of {protocol} port {port}, or several"
        return only

    def forget_connections(self) -> None:
        """Make the kernel take the next packet of every connection for the first one."""
        self.namespace.run("conntrack", "-F")
