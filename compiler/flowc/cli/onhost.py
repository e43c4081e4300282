"""What the commands for running hosts share: which host, in which namespace, and the words for what goes wrong there."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flowc.cli.duration import duration
from flowc.cli.outcome import CannotRunError, emit, one_line
from flowc.cli.reporting import print_diagnostics, readable, say, summary, wants_color

if TYPE_CHECKING:
    from flowc.api import CompileResult
    from flowc.backends.live.engine import StepFailedError, UnsettledError
    from flowc.hoststate import HostState
    from flowc.hoststate.tc import Reference
    from flowc.ir.network import Host
    from flowc.source import Span


_MOST = 5
"""Objects that are named."""
_UNDONE = "all that was done before was undone: the host is as it was"


class BrokenFileError(Exception):
    """The file has errors, which were told: exit status 1 where it was to be loaded, 2 where a host was to be compared with it."""


def add_host_arguments(parser: argparse.ArgumentParser, when: str = "") -> None:
    """`--host` and `--netns`."""
    parser.add_argument(
        "--host",
        metavar="HOST",
        help=f"{when}the host of the file that this one is; else the only one, or the one of its name",
    )
    parser.add_argument(
        "--netns", metavar="NAME", help=f"{when}a network namespace instead of this one, by its name or a path"
    )


def add_change_arguments(parser: argparse.ArgumentParser) -> argparse._MutuallyExclusiveGroup:
    """`--wait`, and `--dry-run | --confirm`, to which others can be added."""
    parser.add_argument(
        "--wait",
        metavar="TIME",
        type=duration,
        default=0,
        help="how long to wait for another change that is being made",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--dry-run", action="store_true", help="say what would be done, in order, and change nothing")
    how.add_argument(
        "--confirm",
        metavar="TIME",
        type=duration,
        help="undo the change unless `flowc confirm` comes within this time: 60s, 2m",
    )
    return how


def compiled(arguments: argparse.Namespace, file: str) -> CompileResult:
    """Run every check, as `flowc compile` does. Findings are told; raises BrokenFileError after errors."""
    from flowc.api import UnknownHostError, compile_files  # noqa: PLC0415  # the heavy part, not for --help

    try:
        with readable():
            result = compile_files([file], arguments.host)
    except UnknownHostError as error:
        hosts = ", ".join(error.hosts) or "none"
        raise CannotRunError(f"no host is called {error.name}; the hosts are: {hosts}") from error
    # What is data here is not the findings, and -v is about the host.
    print_diagnostics(result.diagnostics, argparse.Namespace(format="text", verbose=False), sys.stderr)
    if result.diagnostics.has_errors:
        raise BrokenFileError(summary(file, result.diagnostics, arguments))
    return result


def wanted(arguments: argparse.Namespace, file: str) -> tuple[HostState, Host]:
    """What the host shall be, and what that is lowered from. Raises BrokenFileError."""
    from flowc.live import WhichHostError, this_host  # noqa: PLC0415

    result = compiled(arguments, file)
    try:
        state = this_host(result.states, arguments.host)
    except WhichHostError as error:
        raise CannotRunError(f"{error}: choose one with --host") from error
    return state, next(host for host in result.network.hosts if host.name == state.host)


@contextmanager
def on_host() -> Iterator[None]:
    """Turn into words what keeps a host from being read or changed."""
    from flowc.backends.live import LiveError  # noqa: PLC0415
    from flowc.backends.live.engine import StepFailedError, UnsettledError  # noqa: PLC0415  # not for --help
    from flowc.backends.live.session import NotUndoneError  # noqa: PLC0415  # not for --help
    from flowc.backends.netlink.connection import MissingDeviceError, RefusedError  # noqa: PLC0415
    from flowc.backends.netlink.facts.namespace import NoNamespaceError  # noqa: PLC0415
    from flowc.backends.netlink.objects.foreign import ForeignError  # noqa: PLC0415
    from flowc.backends.nft.live import NftError  # noqa: PLC0415

    try:
        yield
    except NotUndoneError as error:
        if not isinstance(error.failed, (StepFailedError, UnsettledError)):
            raise CannotRunError(str(error)) from error
        say_failure(error.failed, None)
        raise CannotRunError(error.left) from error
    except (LiveError, NftError, NoNamespaceError, MissingDeviceError) as error:
        raise CannotRunError(str(error)) from error
    except ForeignError as error:
        for one in error.found:
            _say_at(
                one.span,
                f"error: {one.text}",
                "wanted here",
                "what others made is never changed: take it away first, or make it flowc's",
            )
        raise CannotRunError("what others made is in the way: nothing was changed") from error
    except RefusedError as error:
        raise CannotRunError(f"the kernel refused: {error}") from error
    except OSError as error:
        words = error.strerror or str(error)
        raise CannotRunError(f"{error.filename}: {words}" if error.filename else words) from error


def say_failure(error: StepFailedError | UnsettledError, left: str | None = _UNDONE) -> None:
    """What was refused, at the line that asks for it, and what is left of the change if it is not told elsewhere."""
    from flowc.backends.live.engine import UnsettledError  # noqa: PLC0415

    if isinstance(error, UnsettledError):
        told = _unsettled(error)
    elif error.step.kind is None:  # nft's words name the line of the file
        told = [f"error: the nft table was not changed: {error.reason}"]
    else:
        message = f"error: the kernel refused to {error.step.verb.value} {one_line(error.step.text)}"
        if error.step.span is not None:
            _say_at(error.step.span, message, error.reason, left)
            return
        told = [f"{message}: {error.reason}"]
    for line in [*told, *([f"flowc: {left}"] if left else [])]:
        say(line)


def _unsettled(error: UnsettledError) -> list[str]:
    names = [
        f"{changes.kind.noun} {changes.kind.title(one)}" for changes in error.delta.kinds() for one in changes.objects()
    ]
    shown = ", ".join(names[:_MOST]) + (f" and {len(names) - _MOST} more" if len(names) > _MOST else "")
    return [
        f"flowc: these are not as they were written: {shown}",
        "flowc: something else changes this host at the same time, or it is a mistake in flowc",
    ]


def _say_at(span: Span, message: str, label: str, note: str | None) -> None:
    """A line, and the place in the file that it is about."""
    from flowc.diagnostics import Code, Diagnostic, Label, Severity  # noqa: PLC0415
    from flowc.diagnostics.render_text import render_place  # noqa: PLC0415

    found = Diagnostic(
        Code("", "refused", Severity.ERROR, ""), message, Label(span, label), notes=(note,) if note else ()
    )
    emit(render_place(found, color=wants_color(sys.stderr)), sys.stderr)


def say_waiting(host: str, devices: Sequence[str]) -> None:
    """Devices that are not there keep nothing else from being loaded."""
    if devices:
        verb = "is" if len(devices) == 1 else "are"
        say(
            f"{host}: {', '.join(devices)} {verb} not there: what is on {'it' if len(devices) == 1 else 'them'} was left out"
        )


def say_unresolved(host: str, references: Sequence[Reference]) -> None:
    """MAC addresses that are not known keep nothing from being loaded but the filters that need them."""
    from flowc.hoststate.macs import lacking  # noqa: PLC0415  # not for --help

    for one in references[:_MOST]:
        say(f"{host}: {lacking(one)}")
    if len(references) > _MOST:
        say(f"{host}: and {len(references) - _MOST} more like these")
