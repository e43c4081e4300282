"""Prefixes as filters have them: an address and a mask, there and back."""

from __future__ import annotations

from flowc.backends.netlink.objects.filters.taking import UnsayableError
from flowc.backends.netlink.wire import address_text, be_number
from flowc.ir.addresses import WIDTH, Family, mask


def mask_of(prefix: str) -> bytes:
    """Of an address without a length all of it."""
    address, _, length = prefix.partition("/")
    family: Family = 6 if ":" in address else 4
    width = WIDTH[family]
    return mask(family, (1 << width) - 1, int(length or width)).to_bytes(width // 8, "big")


def read(address: bytes, mask: bytes) -> str:
    """Raises UnsayableError for a mask that no length gives."""
    prefix = f"{address_text(address)}/{be_number(mask).bit_count()}"
    if mask_of(prefix) != mask:
        raise UnsayableError("a mask")
    return prefix
