"""The table as it is in the kernel: chains as nft lists them, elements by nfnetlink."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from flowc.backends.netlink.connection import NETFILTER, Connection, RefusedError
from flowc.backends.nft.live import anonymous, elements
from flowc.backends.nft.live.listing import Listing, parsed
from flowc.backends.nft.live.loading import TABLE, load
from flowc.backends.nft.live.notices import Notices, changed
from flowc.backends.nft.live.running import NftError, listed
from flowc.hoststate.ruleset import NO_TABLE, Ruleset
from flowc.hoststate.sets import NftSet
from flowc.source import NOWHERE

_TRIES = 5
_SMALL = 1 << 16
"""Bytes of a transaction about which the kernel is asked to tell: it takes a buffer of 4 KiB for each element until it has
told of all (`nf_tables_setelem_notify`)."""


class _Read(NamedTuple):
    """What was read of the sets, and which generation of the rules that is."""

    generation: int
    declared: Mapping[str, elements.KernelSet]
    sets: Mapping[str, NftSet]


@dataclass(slots=True)
class Reader:
    """`table inet flowc` in the network namespace of the calling thread, which is read again and again.

    What is of the same generation of the kernel's rules is not read twice. Neither is what is of the next one, when the
    kernel has told what changed from the one to the other.
    """

    _last: _Read | None = None

    def read(self) -> Ruleset:
        """Nothing if there is no such table. Raises NftError.

        All is of one generation of the kernel's rules: else it is read again.
        """
        try:
            with Connection(NETFILTER) as connection:
                for _ in range(_TRIES):
                    declared, before = _sets(connection)
                    text = listed(TABLE)
                    if text is None:
                        return NO_TABLE
                    known = self._last.sets if self._last is not None and self._last.generation == before else {}
                    found = _with_elements(connection, parsed(text), declared, known)
                    if found is not None and _sets(connection)[1] == before:
                        self._last = _Read(before, declared, {one.name: one for one in found.sets})
                        return found
        except RefusedError as error:
            raise NftError(f"cannot read table inet {TABLE}: {error}") from error
        raise NftError(f"cannot read table inet {TABLE}: it changes all the time")

    def delete_bare(self) -> bool:
        """Delete a table in which there is nothing to read, and say whether there was one. Raises LoadError and NftError."""
        if listed(TABLE) is None:
            return False
        self.load(f"delete table inet {TABLE}\n")
        return True

    def load(self, text: str) -> None:
        """Load a transaction, all or nothing. Raises LoadError and NftError."""
        last, self._last = self._last, None
        if last is None or len(text) > _SMALL:
            load(text)
            return
        with Notices() as notices:
            load(text)
            told = notices.told()
        if told is not None and told.generation == (last.generation + 1) & 0xFFFF:
            self._last = _Read(told.generation, last.declared, changed(last.sets, last.declared, told.messages, TABLE))


def _sets(connection: Connection) -> tuple[dict[str, elements.KernelSet], int]:
    try:
        declared, generation = elements.sets(connection, TABLE)
    except RefusedError as error:
        if error.code != errno.ENOENT:
            raise
        return {}, 0
    return {one.name: one for one in declared}, generation


def _with_elements(
    connection: Connection,
    listing: Listing,
    declared: Mapping[str, elements.KernelSet],
    known: Mapping[str, NftSet],
) -> Ruleset | None:
    """None if a set or rule is not there any more."""
    sets = []
    for one in listing.sets:
        if one.name not in declared:
            return None
        if one.name in known:
            sets.append(known[one.name])
            continue
        keys, values = elements.elements(connection, TABLE, declared[one.name])
        sets.append(replace(one, keys=keys, values=values, spans=[NOWHERE] * len(keys)))
    try:
        chains = tuple(anonymous.mended(connection, TABLE, listing.chains, declared))
    except KeyError:
        return None
    return Ruleset(listing.flowtable, tuple(sets), listing.meters, listing.helpers, chains)
