"""What shall be in the table, in the form in which it is read: nft itself lists it, in a namespace for the moment.

Elements are not loaded for that, and flowc has no rule for an element: what is loaded is small however large the sets are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from flowc.backends import nft
from flowc.backends.nft.live import anonymous, listing, normal
from flowc.backends.nft.live.loading import TABLE, complaint
from flowc.backends.nft.live.running import NftError, ScratchRefusedError, listed_anew
from flowc.backends.nft.text import Text
from flowc.hoststate import HostState
from flowc.hoststate.ruleset import Chain, ChainRule, Ruleset
from flowc.hoststate.sets import NftSet

_ON_DEVICES = re.compile(
    r"^        (?:devices = \{.*\}|type \S+ hook ingress devices = .*|flags offload)$", re.MULTILINE
)


class _WithoutElements(Text):
    """Sets are declared, and empty."""

    def _set(self, one: NftSet) -> str:
        head, _, _ = super()._set(replace(one, keys=[], values=[], spans=[])).rpartition("        elements = {")
        return f"{head}    }}"


def canonical(state: HostState, present: Collection[str] | None = None, *, provenance: bool = True) -> Ruleset:
    """The table of a host. Devices that are not in `present` are left out, as the kernel does: they wait.

    Raises NftError.
    """
    wanted = nft.ruleset(state)
    text = _ON_DEVICES.sub("", nft.printed(state, _WithoutElements(provenance)))
    try:
        found = listing.parsed(listed_anew(text, TABLE))
    except ScratchRefusedError as error:
        raise NftError(
            "nft does not take what flowc wrote: it is older than 1.0.6, the kernel lacks something, or flowc has a defect: "
            + complaint(error.said, text)
        ) from error
    meters = {one.name: one for one in found.meters}
    helpers = {one.name: one for one in found.helpers}
    shapes = {one.name: one for one in found.sets}
    flowtable = wanted.flowtable
    if flowtable is not None:
        flowtable = replace(flowtable, devices=tuple(sorted(_there(flowtable.devices, present))))
    return Ruleset(
        flowtable=flowtable,
        sets=tuple(_set(one, shapes[one.name]) for one in wanted.sets),
        meters=tuple(replace(meters[one.name], span=one.span) for one in wanted.meters),
        helpers=tuple(replace(helpers[one.name], span=one.span) for one in wanted.helpers),
        chains=tuple(_chains(wanted, {one.name: one for one in found.chains}, present)),
    )


def _there(devices: Collection[str], present: Collection[str] | None) -> Iterator[str]:
    return (device for device in devices if present is None or device in present)


def _set(one: NftSet, shape: NftSet) -> NftSet:
    keys, values = normal.elements(one)
    return replace(shape, keys=keys, values=values, spans=one.spans)


def _chains(wanted: Ruleset, found: dict[str, Chain], present: Collection[str] | None) -> Iterator[Chain]:
    for one in wanted.chains:
        listed = found[one.name].rules
        if len(listed) != len(one.rules):
            raise NftError(f"nft lists {len(listed)} rules in chain {one.name}, of {len(one.rules)}: a defect of flowc")
        base = None if one.hook is None else listing.hook(one.hook, present)
        if base is not None and " hook ingress " in base and " devices " not in base:
            continue  # none of its devices is there, and so the chain is not
        rules = tuple(_rule(rule, mine) for rule, mine in zip(listed, one.rules, strict=True))
        yield Chain(one.name, base, rules, one.span)


def _rule(rule: ChainRule, printed: ChainRule) -> ChainRule:
    keys = anonymous.written(printed.text)
    text, written = (anonymous.given(one, keys) for one in (rule.text, rule.written or rule.text))
    return ChainRule(rule.chain, rule.position, text, printed.span, written=written)
