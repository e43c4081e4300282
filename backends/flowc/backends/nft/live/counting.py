"""What the first rule of the forward chain has counted: packets that no flowtable carries."""

from __future__ import annotations

import errno

from flowc.backends.netlink import wire
from flowc.backends.netlink.connection import NETFILTER, Connection, RefusedError
from flowc.backends.nft.live import elements
from flowc.backends.nft.live.loading import TABLE

CHAIN = "forward"
_GET_RULE = elements.SUBSYSTEM | 7
_TABLE, _CHAIN, _EXPRESSIONS = 1, 2, 4  # NFTA_RULE_*
_NAME, _DATA, _PACKETS = 1, 2, 2  # NFTA_EXPR_*, NFTA_COUNTER_PACKETS


def forwarded() -> int | None:
    """Packets that the forward chain has seen since it was loaded; None if it is not loaded. Raises RefusedError."""
    named = wire.attribute(_TABLE, f"{TABLE}\0".encode()) + wire.attribute(_CHAIN, f"{CHAIN}\0".encode())
    try:
        with Connection(NETFILTER) as connection:
            messages = connection.dump(_GET_RULE, elements.INET + named)
    except RefusedError as error:
        if error.code == errno.ENOENT:
            return None
        raise
    return counted(messages[0]) if messages else None


def counted(message: bytes) -> int | None:
    """The packets of the counter of a rule; None if it has none."""
    expressions = wire.attributes(message, elements.BODY).get(_EXPRESSIONS, b"")
    for _, start, end in wire.each(expressions):
        expression = wire.attributes(expressions, start, end)
        if wire.string(expression.get(_NAME, b"")) == "counter":
            return wire.be_number(wire.attributes(expression[_DATA])[_PACKETS])
    return None
