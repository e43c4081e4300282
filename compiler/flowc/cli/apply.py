"""`flowc apply`: make this host what the file says, by the smallest change."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from flowc.cli.onhost import (
    BrokenFileError,
    add_change_arguments,
    add_host_arguments,
    on_host,
    say_failure,
    say_unresolved,
    say_waiting,
    wanted,
)
from flowc.cli.outcome import CannotRunError, emit, one_line
from flowc.cli.reporting import say, wants_color

if TYPE_CHECKING:
    import argparse

    from flowc.delta.plan import Step
    from flowc.live import Applied, Planned

_MOST = 5
"""Connections that are named without -v."""

NAME = "apply"
SUMMARY = "make this host what the file says, by the smallest change"
DESCRIPTION = (
    "Read what is on the host, and change only what differs: the nft table in one transaction, all else over netlink, what is "
    "new before what needs it and what is gone last. Connections that are still allowed go on. If anything is refused the "
    "host is made again what it was. The exit status is 0 if the host is as the file says, 1 if the file has errors or the "
    "change was refused and undone, and 2 if it could not run."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`flowc apply FILE [--host H] [--netns NS] [--dry-run | --confirm TIME | --follow] [-v]`."""
    parser.add_argument("file", metavar="FILE", help="a .flow file, which may include others; - is standard input")
    add_host_arguments(parser)
    how = add_change_arguments(parser)
    how.add_argument(
        "--follow",
        action="store_true",
        help="stay, and complete each device when it comes: one that was deleted and made again has lost all that was on it",
    )
    parser.set_defaults(format="text", quiet=False)
    parser.add_argument("-v", "--verbose", action="store_true", help="show each change and each step")


def run(arguments: argparse.Namespace) -> int:
    """What is done goes to standard output, findings and failures to standard error."""
    from flowc.backends.live.engine import StepFailedError, UnsettledError  # noqa: PLC0415  # not for --help
    from flowc.live import apply_state, compare_live, follow  # noqa: PLC0415

    try:
        state, host = wanted(arguments, arguments.file)
    except BrokenFileError as error:
        say(f"{error}; nothing was changed")
        return 1
    if not host.interfaces:
        raise CannotRunError(f"{arguments.file} declares no interface; `flowc down` removes what flowc made")
    _say_another_name(state.host, arguments)
    with on_host():
        if arguments.dry_run:
            planned = compare_live(state, arguments.netns)
            emit(told_plan(planned, arguments), sys.stdout)
            say_waiting(state.host, planned.waiting)
            say_unresolved(state.host, planned.unresolved)
            return 0
        try:
            if arguments.follow:
                for applied in follow(state, arguments.netns, host=host):
                    say_done(applied, arguments)
                return 0
            applied = apply_state(
                state,
                arguments.netns,
                host=host,
                confirm=arguments.confirm,
                wait=arguments.wait,
                what=f"the change of {arguments.file}",
            )
        except (StepFailedError, UnsettledError) as error:
            say_failure(error)
            return 1
    say_done(applied, arguments)
    return 0


def _say_another_name(host: str, arguments: argparse.Namespace) -> None:
    """The only host of a file is taken for this one; that it has another name may be a mistake."""
    from flowc.live import machine  # noqa: PLC0415  # not for --help
    from flowc.resolve import UNNAMED_HOST  # noqa: PLC0415

    if arguments.host is None and arguments.netns is None and host not in (machine(), UNNAMED_HOST):
        say(
            f"{host}: this machine is called {machine()}, and is taken for {host}, the only host of the file; with "
            f"--host {host} nothing is said of it"
        )


def say_done(applied: Applied, arguments: argparse.Namespace) -> None:
    """What was done, what did not work out, and what is still to come."""
    host = applied.planned.delta.host
    emit(done(applied, arguments), sys.stdout)
    for complaint in applied.complaints:
        say(f"{host}: {complaint}")
    say_waiting(host, applied.done.waiting)
    say_unresolved(host, applied.done.unresolved)
    if applied.done.pending:
        say(applied.done.pending)


def told_plan(planned: Planned, arguments: argparse.Namespace) -> str:
    """The difference by declaration, and then the steps in their order."""
    from flowc.delta.text import lines  # noqa: PLC0415

    told = lines(planned.compared, verbose=arguments.verbose, color=wants_color(sys.stdout))
    if planned.steps:
        told += ["", "in this order:", *_steps(planned.steps)]
    return "\n".join([*told, ""])


def _steps(steps: Sequence[Step]) -> list[str]:
    width = len(str(len(steps)))
    return [
        f"  {number:>{width}}  {step.verb.value:<11}  {one_line(step.text)}" for number, step in enumerate(steps, 1)
    ]


def done(applied: Applied, arguments: argparse.Namespace) -> str:
    """A line about what was done; with -v all of it."""
    from flowc.delta.compared import entries  # noqa: PLC0415
    from flowc.delta.text import DONE, lines  # noqa: PLC0415

    host = one_line(applied.planned.delta.host)
    connections = list(_connections(applied, host, verbose=arguments.verbose))
    if not applied.done.rounds:
        return "\n".join([*(connections or [f"{host}: nothing to do"]), ""])
    told = []
    if arguments.verbose:
        told = [*lines(applied.planned.compared, verbose=True, color=wants_color(sys.stdout)), ""]
        told += ["in this order:", *_steps(applied.done.steps), ""]
    counts = Counter(entry.action for entry in entries(applied.planned.delta))
    parts = ", ".join(f"{counts[action]} {word}" for action, word in DONE.items() if counts[action])
    steps = len(applied.done.steps)
    told += [f"{host}: {parts}, in {steps} step{'s' * (steps != 1)}", *connections]
    return "\n".join([*told, ""])


def _connections(applied: Applied, host: str, *, verbose: bool) -> Iterator[str]:
    """Those that were cut."""
    cuts = applied.judged.cuts if applied.judged else ()
    if not cuts:
        return
    yield f"{host}: {len(cuts)} connection{'s' * (len(cuts) != 1)} cut that the file does not admit"
    shown = cuts if verbose else cuts[:_MOST]
    yield from (f"  {one_line(one.text)}" for one in shown)
    if len(cuts) > len(shown):
        yield f"  and {len(cuts) - len(shown)} more (all with -v)"
