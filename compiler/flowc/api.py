"""The whole pipeline on one page: each stage is one call with one named product.

    files    = load(paths)        text to syntax trees, includes followed
    network  = resolve(files)     names looked up, values read: the typed IR, what is meant
    check(network, facts)         what can be said about it before it reaches a host; more where its facts are given
    silence(texts, findings)      less what comments in the files silence
    state    = lower(host)        the kernel objects of one host
    texts    = render(state)      those objects in the words of ip, sysctl, nft and tc

Findings do not interrupt: every stage reports to the one `Diagnostics` it is handed, so that a run tells all it can.
But after an error nothing is lowered, and so nothing can be written. This is also what programs import:

    result = compile_files(["tenant-eip.flow"])
    if not result.diagnostics.has_errors:
        write_directory(result.states, "build")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flowc.backends import BACKENDS, LOADER, Backend
from flowc.backends.files import Written, host_folder, write_if_changed
from flowc.backends.nft import ruleset
from flowc.checks import CHECKS, OF_FACTS, FactsCheck, check
from flowc.collector import collector_paused
from flowc.delta.compared import ComparedStates, compare_states
from flowc.diagnostics import Diagnostic, Diagnostics, registered
from flowc.facts import Facts, Index
from flowc.facts.given import GivenFacts, by_host
from flowc.hoststate import HostState
from flowc.ir.network import Host, Network
from flowc.ir.policy import SELF
from flowc.layout import format_source
from flowc.lower import lower
from flowc.resolve import resolve
from flowc.resolve.asked import read_packets
from flowc.syntax.ignores import silence
from flowc.syntax.load import Read, load, read_file, read_source
from flowc.syntax.packet import parse_packet
from flowc.trace.answer.asked import Asked, answer
from flowc.trace.difference.compared import Compared, compare
from flowc.trace.testing.judge import Result, TestRun, run


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What checking found, and the network as far as it could be understood."""

    diagnostics: Diagnostics
    network: Network
    unused: tuple[GivenFacts, ...] = ()
    """Facts that are no host's of these files."""


@dataclass(frozen=True, slots=True)
class CompileResult:
    """What compiling found, and the state of each host by name; none if there are errors."""

    diagnostics: Diagnostics
    states: Mapping[str, HostState]
    network: Network
    unused: tuple[GivenFacts, ...] = ()
    """Facts that are no host's of these files."""


@dataclass(frozen=True, slots=True)
class FormatResult:
    """A file, and what it is in the one layout; `after` is None if there are errors."""

    diagnostics: Diagnostics
    before: bytes
    after: bytes | None

    @property
    def changed(self) -> bool:
        return self.after is not None and self.after != self.before


class UnknownHostError(LookupError):
    """Asked for a host that the files do not declare. `hosts` are those they do."""

    def __init__(self, name: str, hosts: tuple[str, ...]) -> None:
        super().__init__(f"no host is called {name!r}")
        self.name = name
        self.hosts = hosts


class BrokenFilesError(Exception):
    """A file that is to be compared has errors."""

    def __init__(self, name: str, diagnostics: Diagnostics) -> None:
        super().__init__(name)
        self.diagnostics = diagnostics


class SeveralHostsError(LookupError):
    """A packet could come in at several hosts."""


def check_files(paths: Iterable[str | Path], facts: Iterable[GivenFacts] = (), read: Read = read_file) -> CheckResult:
    """Find what is wrong with the files, taken together as one network, also on the hosts that facts are given of.

    `read` is where the bytes of the files come from. Raises OSError for a file that cannot be read, and FactsTwiceError;
    everything else is a diagnostic.
    """
    with collector_paused():
        return _understand(paths, tuple(facts), read)


def check_host(network: Network, host: str, facts: Facts) -> list[Diagnostic]:
    """What the checks of facts find of one host of a network without errors, and no comment silences."""
    found = Diagnostics()
    for one in CHECKS:
        if isinstance(one, FactsCheck):
            one.look_at(network, {host: Index(facts)}, found)
    sources = {id(one.primary.span.source): one.primary.span.source for one in found.items}
    return [one for one in silence(sources.values(), found, registered(), OF_FACTS) if one.code in OF_FACTS]


def compile_files(
    paths: Iterable[str | Path],
    host: str | None = None,
    facts: Iterable[GivenFacts] = (),
    read: Read = read_file,
) -> CompileResult:
    """Compile the files for all of their hosts, or for one; what facts are given of is checked against them.

    Raises OSError for a file that cannot be read, UnknownHostError and FactsTwiceError.
    """
    states: dict[str, HostState] = {}
    with collector_paused():
        checked = _understand(paths, tuple(facts), read)
        if not checked.diagnostics.has_errors:
            states = {chosen.name: lower(chosen) for chosen in _choose(checked.network, host)}
    return CompileResult(checked.diagnostics, states, checked.network, checked.unused)


def test_files(
    paths: Iterable[str | Path],
    host: str | None = None,  # noqa: PT028  # no test of pytest's
    chosen: Callable[[str], bool] = lambda _name: True,  # noqa: PT028
    read: Read = read_file,  # noqa: PT028
) -> TestRun:
    """Run the test blocks of the files, of all hosts or of one; `chosen` is asked about the name of each.

    Raises OSError for a file that cannot be read, and UnknownHostError.
    """
    results: dict[str, tuple[Result, ...]] = {}
    with collector_paused():
        checked = _understand(paths, (), read)
        if not checked.diagnostics.has_errors:
            for one in _choose(checked.network, host):
                results[one.name] = tuple(run(one, test) for test in one.tests if chosen(test.name))
    return TestRun(checked.diagnostics, results)


test_files.__test__ = False  # type: ignore[attr-defined]  # nothing for pytest


def trace_files(paths: Iterable[str | Path], packet: str, host: str | None = None, read: Read = read_file) -> Asked:
    """What becomes of the packets of a statement, at the one host that has where they come from.

    Raises OSError for a file that cannot be read, UnknownHostError, and SeveralHostsError.
    """
    wrong = Diagnostics()
    with collector_paused():
        checked = _understand(paths, (), read)
        if checked.diagnostics.has_errors:
            return Asked(checked.diagnostics, wrong, None)
        sent = read_packets(packet, chosen := _meant(checked.network, packet, host), wrong)
        return Asked(checked.diagnostics, wrong, None if sent is None else answer(chosen, sent))


def _meant(network: Network, packet: str, name: str | None) -> Host:
    """The host that a packet comes to: where its origin is declared."""
    hosts = _choose(network, name)
    node = parse_packet(packet, Diagnostics())
    origin = node.origin.text if node is not None and node.origin is not None else ""
    having = [one for one in hosts if origin in {SELF, *one.zones, *one.interfaces, *one.endpoints.column("name")}]
    if len(having) > 1:
        raise SeveralHostsError(f"`{origin}` is on the hosts {', '.join(one.name for one in having)}")
    return (having or hosts)[0]


def compare_files(old: str | Path, new: str | Path, read: Read = read_file) -> Compared:
    """Which packets two files treat differently. Raises OSError for one that cannot be read, and BrokenFilesError."""
    networks = []
    with collector_paused():
        for path in (old, new):
            checked = _understand([path], (), read)
            if checked.diagnostics.has_errors:
                raise BrokenFilesError(str(path), checked.diagnostics)
            networks.append(checked.network)
        before, after = networks
        return compare(before.hosts, after.hosts, _same)


def compare_hosts(old: str | Path, new: str | Path, read: Read = read_file) -> ComparedStates:
    """What two files change on their hosts. Raises OSError for one that cannot be read, and BrokenFilesError."""
    states = []
    for path in (old, new):
        compiled = compile_files([path], read=read)
        if compiled.diagnostics.has_errors:
            raise BrokenFilesError(str(path), compiled.diagnostics)
        states.append(compiled.states)
    with collector_paused():
        before, after = states
        return compare_states(before, after, ruleset)


def _same(old: Host, new: Host) -> bool:
    """What is loaded is the same, comments aside: then no packet has to be looked at."""
    before, after = (render(lower(one), provenance=False) for one in (old, new))
    return before == after


def format_file(path: str | Path) -> FormatResult:
    """Lay out one file, `-` for standard input. What it includes is not looked at, and nothing is written.

    Raises OSError if it cannot be read; syntax errors are diagnostics.
    """
    diagnostics = Diagnostics()
    with collector_paused():
        source, data, is_text = read_source(str(path), diagnostics)
        text = format_source(source, diagnostics) if is_text else None
    return FormatResult(diagnostics, data, None if text is None else text.encode())


def render(state: HostState, *, provenance: bool = True) -> dict[str, str]:
    """The text of every file of a host, by file name."""
    return {backend.file: backend.render(state, provenance=provenance) for backend in (*BACKENDS, LOADER)}


def write_directory(
    states: Mapping[str, HostState],
    directory: str | Path,
    *,
    backends: Iterable[Backend] = (*BACKENDS, LOADER),
    provenance: bool = True,
) -> list[Written]:
    """Write DIRECTORY/<host>/<file> for all hosts, and say what became of each file.

    Every text is rendered before the first file is touched, and a file is replaced as a whole and only if its content
    differs. Raises OSError.
    """
    chosen = tuple(backends)
    with collector_paused():
        texts = [
            (Path(directory) / host_folder(name) / backend.file, backend.render(state, provenance=provenance), backend)
            for name, state in states.items()
            for backend in chosen
        ]
    return [write_if_changed(path, text, executable=backend.executable) for path, text, backend in texts]


def _understand(paths: Iterable[str | Path], facts: tuple[GivenFacts, ...], read: Read) -> CheckResult:
    """The stages that all hosts share."""
    diagnostics = Diagnostics()
    files = load(paths, diagnostics, read)
    network = resolve(files, diagnostics)
    used, unused = by_host(facts, network)
    check(network, diagnostics, used)
    sources = [source for file in files for source in (file.source, *file.included)]
    return CheckResult(silence(sources, diagnostics, registered(), OF_FACTS), network, unused)


def _choose(network: Network, name: str | None) -> tuple[Host, ...]:
    chosen = tuple(host for host in network.hosts if name is None or host.name == name)
    if name is not None and not chosen:
        raise UnknownHostError(name, tuple(host.name for host in network.hosts))
    return chosen
