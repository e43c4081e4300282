"""Definitions that nothing uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flowc.diagnostics import Diagnostics
from flowc.resolve import codes
from flowc.resolve.scope import Scope, kind
from flowc.syntax import tree


def unused(files: Sequence[tree.File], scopes: Iterable[Scope], diagnostics: Diagnostics) -> None:
    """Report each `let` and `service` that no host uses.

    One in an included file may be for the other files that include it. After an error nothing is said: what uses the
    definition may be what is wrong.
    """
    if diagnostics.has_errors:
        return
    named = {file.source for file in files}
    used = {id(scope.get(name)) for scope in scopes for name in scope.used}
    for node in _definitions(files):
        if node.span.source in named and id(node) not in used:
            diagnostics.report(
                codes.UNUSED_DEFINITION,
                f"{kind(node)} `{node.name.text}` is never used",
                node.name.span,
                help="remove it, or use it where it was meant",
            )


def _definitions(files: Iterable[tree.File]) -> Iterable[tree.Let | tree.Service]:
    for file in files:
        for statement in file.statements:
            for node in statement.body if isinstance(statement, tree.Host) else (statement,):
                if isinstance(node, tree.Let | tree.Service):
                    yield node
