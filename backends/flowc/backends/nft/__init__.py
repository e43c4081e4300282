"""The nft backend: `table inet flowc` as one transaction, for `nft -f`.

How packets go through the table can be read in `ruleset.nft.j2`, which looks like what it prints. Elements of sets and
rules are text made in `text.py`: there may be 100,000 of them, and joining strings is what is fast.
"""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from flowc.backends.nft import lookups
from flowc.backends.nft.listed import Marked
from flowc.backends.nft.listed import ruleset as listed
from flowc.backends.nft.text import Text
from flowc.backends.script import one_line
from flowc.hoststate import HostState, LinkKind
from flowc.hoststate.marks import HAIRPIN_MARK, OFFLOAD_MARK
from flowc.hoststate.ruleset import Ruleset

HELPER_STATUS = 0x2000
"""IPS_HELPER (linux/netfilter/nf_conntrack_common.h): a helper was set. nft has no word for it, and its `ct helper` means
the helper of the connection that announced this one."""


def render(state: HostState, *, provenance: bool = True) -> str:
    """The text of `ruleset.nft`."""
    return printed(state, Text(provenance))


def ruleset(state: HostState) -> Ruleset:
    """What is in the table once that text is loaded."""
    text = Marked()
    return listed(state.nft, text, printed(state, text))


def printed(state: HostState, text: Text) -> str:
    """The template with what `text` prints."""
    return _template().render(
        host=one_line(state.host),
        table=state.nft,
        text=text,
        look=lookups,
        has_vrfs=any(link.kind is LinkKind.VRF for link in state.links),
        mark_offload=hex(OFFLOAD_MARK),
        mark_hairpin=hex(HAIRPIN_MARK),
        status_helper=hex(HELPER_STATUS),
    )


@cache
def _template() -> Template:
    """Read once: compiling it takes longer than filling it in."""
    environment = Environment(
        loader=PackageLoader(__name__, ""),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  # the output is a ruleset, not HTML; names were validated by resolution
    )
    return environment.get_template("ruleset.nft.j2")


__all__ = ["printed", "render", "ruleset"]
