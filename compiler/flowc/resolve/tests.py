"""Test blocks: their names and values are read like all others, so that a mistake in one shows at once."""

from __future__ import annotations

from flowc.resolve import values
from flowc.resolve.context import Context
from flowc.syntax import tree


def test(node: tree.Test, context: Context) -> None:
    """Report what is wrong with a test's packets and expectations."""
    context.tests.append(node.span)
    for step in node.steps:
        if isinstance(step, tree.Packet):
            context.scope.find(step.zone, tree.Zone, tree.Interface, tree.Tunnel, tree.Endpoint)
            _socket(step.source, context)
            _socket(step.destination, context)
        elif isinstance(step.value, tree.Socket):
            _socket(step.value, context)


def _socket(node: tree.Socket, context: Context) -> None:
    if isinstance(node.address, tree.Name):
        context.scope.find(node.address, tree.Endpoint)
    else:
        values.address(node.address, context.diagnostics)
    if node.ports is not None:
        values.ports(node.ports, context.diagnostics)
