"""IPv6 addresses that end like a port: `fd00::5:80` is an address, and may have been meant as `[fd00::5]:80`."""

from __future__ import annotations

import re

from flowc.diagnostics import Diagnostics
from flowc.resolve import codes
from flowc.syntax import tree
from flowc.syntax.forms import is_ipv6


def unbracketed(node: tree.Value, diagnostics: Diagnostics) -> None:
    """Report an address, or the end of a range, that is still an address without its last group, which is a port's number.

    To be asked where a port could stand and none does.
    """
    last = node.high if isinstance(node, tree.AddressRange) else node
    if not isinstance(last, tree.Address):
        return
    head, _, port = last.text.rpartition(":")
    if not re.fullmatch("[1-9][0-9]*", port) or not is_ipv6(head):
        return
    whole = node.span.text
    diagnostics.report(
        codes.UNBRACKETED,
        f"`{last.text}` is an address without a port",
        node.span,
        help=f"for port {port} write [{whole.removesuffix(f':{port}')}]:{port}; if it is the address, [{whole}]:1-65535 says so",
    )
