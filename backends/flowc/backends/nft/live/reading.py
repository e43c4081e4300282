"""The table as it is in the kernel: chains as nft lists them, elements by nfnetlink."""

from __future__ import annotations

import errno
from dataclasses import replace

from flowc.backends.netlink.connection import NETFILTER, Connection, RefusedError
from flowc.backends.nft.live import anonymous, elements
from flowc.backends.nft.live.listing import Listing, parsed
from flowc.backends.nft.live.loading import TABLE
from flowc.backends.nft.live.running import NftError, listed
from flowc.hoststate.ruleset import NO_TABLE, Ruleset
from flowc.source import NOWHERE

_TRIES = 5


def read() -> Ruleset:
    """`table inet flowc` in the network namespace of the calling thread; nothing if there is none. Raises NftError.

    All is of one generation of the kernel's rules: else it is read again.
    """
    try:
        with Connection(NETFILTER) as connection:
            for _ in range(_TRIES):
                declared, before = _sets(connection)
                text = listed(TABLE)
                if text is None:
                    return NO_TABLE
                found = _with_elements(connection, parsed(text), {one.name: one for one in declared})
                if found is not None and _sets(connection)[1] == before:
                    return found
    except RefusedError as error:
        raise NftError(f"cannot read table inet {TABLE}: {error}") from error
    raise NftError(f"cannot read table inet {TABLE}: it changes all the time")


def _sets(connection: Connection) -> tuple[list[elements.KernelSet], int]:
    try:
        return elements.sets(connection, TABLE)
    except RefusedError as error:
        if error.code != errno.ENOENT:
            raise
        return [], 0


def _with_elements(connection: Connection, listing: Listing, declared: dict[str, elements.KernelSet]) -> Ruleset | None:
    """None if a set or rule is not there any more."""
    sets = []
    for one in listing.sets:
        if one.name not in declared:
            return None
        keys, values = elements.elements(connection, TABLE, declared[one.name])
        sets.append(replace(one, keys=keys, values=values, spans=[NOWHERE] * len(keys)))
    try:
        chains = tuple(anonymous.mended(connection, TABLE, listing.chains, declared))
    except KeyError:
        return None
    return Ruleset(listing.flowtable, tuple(sets), listing.meters, listing.helpers, chains)
