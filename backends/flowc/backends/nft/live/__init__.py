"""The nft table of a live host: read it, bring what shall be there into the same form, and make one of the other."""

from flowc.backends.nft.live.canonical import canonical
from flowc.backends.nft.live.counting import forwarded
from flowc.backends.nft.live.loading import LoadError, load
from flowc.backends.nft.live.reading import Reader
from flowc.backends.nft.live.running import NftError, NoNftError
from flowc.backends.nft.live.transactions import restoring, transaction

__all__ = [
    "LoadError",
    "NftError",
    "NoNftError",
    "Reader",
    "canonical",
    "forwarded",
    "load",
    "restoring",
    "transaction",
]
