"""Topologies for packet tests: network namespaces, veth links, and commands in them.

A `Lab` belongs to one test (the fixture of that name) and takes everything down behind
it. Emulation makes processes expensive, so that a namespace is entered by this thread
itself (setns) instead of by `ip netns exec`, and many `ip` commands are one batch.
"""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from flowc.testbed import namespace

COMMAND_LIMIT = 60.0  # seconds

# What a namespace starts with. An address must be usable at once (no duplicate address detection),
# and bridged packets are not judged by netfilter's IP hooks unless a test asks for it. A path that does
# not exist belongs to a module that is not loaded.
_START = {
    "net/ipv6/conf/all/accept_dad": "0",
    "net/ipv6/conf/default/accept_dad": "0",
    "net/ipv6/conf/default/router_solicitations": "0",
    "net/bridge/bridge-nf-call-iptables": "0",
    "net/bridge/bridge-nf-call-ip6tables": "0",
}

T = TypeVar("T")


class CommandFailed(Exception):  # noqa: N818  # what happened reads better than "...Error"
    """A command in the lab ended with an error; the message holds all it printed."""

    def __init__(self, command: Sequence[str], status: int, stdout: str, stderr: str, stdin: str | None) -> None:
        self.status, self.stdout, self.stderr = status, stdout, stderr
        text = f"{' '.join(command)} ended with {status}\n{stdout}{stderr}"
        if stdin:
            text += "--- its input ---\n" + "".join(f"{n:4} {line}\n" for n, line in enumerate(stdin.splitlines(), 1))
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Port:
    """One end of a link: a device in a namespace. Addresses carry their prefix length."""

    namespace: "Namespace"
    device: str
    addresses: tuple[str, ...] = ()
    mac: str | None = None
    mtu: int | None = None
    master: str | None = None  # a bridge or VRF that exists


class Background:
    """A process that runs until the end of the test, or until it is stopped."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def stop(self) -> str:
        """End the process and its children; return what it printed (both streams)."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            return self.process.communicate(timeout=2)[0]
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            return self.process.communicate()[0]
        except ValueError:  # stopped before
            return ""


class Namespace(namespace.Namespace):
    """A network namespace of the running test; made by `Lab.namespaces`."""

    def __init__(self, name: str, cleanup: ExitStack) -> None:
        super().__init__(os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC))
        self.name = name
        self._cleanup = cleanup
        cleanup.callback(self.close)

    def __repr__(self) -> str:
        return f"Namespace({self.name!r})"

    def keep(self, resource: AbstractContextManager[T]) -> T:
        """Enter a context that ends with the test, before the namespace does."""
        return self._cleanup.enter_context(resource)

    def run(self, *command: str, stdin: str | None = None, timeout: float = COMMAND_LIMIT) -> str:
        """Run a command to its end; return its standard output, raise CommandFailed with both streams."""
        with self.entered():
            done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=timeout, check=False)
        if done.returncode:
            raise CommandFailed(command, done.returncode, done.stdout, done.stderr, stdin)
        return done.stdout

    def start(self, *command: str) -> Background:
        """Start a command that runs in the background, at most until the end of the test."""
        with self.entered():
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, start_new_session=True,
            )  # fmt: skip
        background = Background(process)
        self._cleanup.callback(background.stop)
        return background

    def ip(self, *commands: str) -> str:
        """Run `ip` commands (without the word ip) as one batch."""
        return self.run("ip", "-batch", "-", stdin=_lines(commands))

    def tc(self, *commands: str) -> str:
        """Run `tc` commands (without the word tc) as one batch."""
        return self.run("tc", "-batch", "-", stdin=_lines(commands))

    def nft(self, ruleset: str) -> str:
        """Load a ruleset, atomically."""
        return self.run("nft", "-f", "-", stdin=ruleset)

    def sysctl(self, settings: Mapping[str, int | str]) -> None:
        """Write sysctls, named with dots (a dot in a device name is written as a slash, as sysctl does)."""
        with self.entered():
            for name, value in settings.items():
                _sysctl_path(name).write_text(str(value))

    def forwarding(self) -> None:
        """Make this namespace a router."""
        self.sysctl({"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1})

    def port(
        self, device: str, *addresses: str, mac: str | None = None, mtu: int | None = None, master: str | None = None
    ) -> Port:
        """One end of a link, for `Lab.connect`."""
        return Port(self, device, addresses, mac, mtu, master)


class Lab:
    """The namespaces and links of one test. As a context manager it takes them down again."""

    def __init__(self) -> None:
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def namespace(self, name: str) -> Namespace:
        """Make one namespace, with lo up."""
        return self.namespaces(name)[0]

    def namespaces(self, *names: str) -> tuple[Namespace, ...]:
        """Make namespaces, with lo up."""
        self._cleanup.callback(_batch, [f"netns del {name}" for name in names])
        _batch([f"netns add {name}" for name in names])
        made = tuple(Namespace(name, self._cleanup) for name in names)
        for one in made:
            one.settings(_START, where_known=True)
            one.up("lo")
        return made

    def connect(self, *links: tuple[Port, Port]) -> None:
        """Make veth links, and configure and bring up both ends of each."""
        _batch([f"link add {_end(one)} type veth peer {_end(other)}" for one, other in links])
        commands: dict[Namespace, list[str]] = {}
        for port in (port for link in links for port in link):
            own = commands.setdefault(port.namespace, [])
            if port.master:  # first: IPv6 addresses do not survive the move into a VRF
                own.append(f"link set dev {port.device} master {port.master}")
            own.append(f"link set dev {port.device} up")
            for address in port.addresses:
                own.append(f"addr add {address} dev {port.device}{' nodad' if ':' in address else ''}")
        for one, lines in commands.items():
            one.ip(*lines)


def _end(port: Port) -> str:
    mac = f" address {port.mac}" if port.mac else ""
    mtu = f" mtu {port.mtu}" if port.mtu else ""
    return f"name {port.device} netns {port.namespace.name}{mac}{mtu}"


def _batch(commands: Sequence[str]) -> None:
    command = ("ip", "-batch", "-")
    lines = _lines(commands)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=COMMAND_LIMIT, check=False)
    if done.returncode:
        raise CommandFailed(command, done.returncode, done.stdout, done.stderr, lines)


def _lines(commands: Sequence[str]) -> str:
    return "".join(f"{command}\n" for command in commands)


def _sysctl_path(name: str) -> Path:
    return Path("/proc/sys") / name.translate(str.maketrans("./", "/."))
