"""tc filters. Every filter has an explicit preference, chain and handle, so that replacing it is exact."""

from __future__ import annotations

from dataclasses import dataclass, field

from flowc.source import Span


@dataclass(frozen=True, slots=True)
class FlowerFilter:
    """A flower filter on the clsact ingress of a device: match one tunnel key, set the packet mark, pass.

    `mark` is (value, mask) for skbedit, so that foreign bits survive.
    """

    device: str
    preference: int
    handle: int
    protocol: str
    """Ethertype name as tc writes it: `ip`, `ipv6`, `all`."""
    key: int
    outer_source: str
    """The tunnel's remote: `enc_src_ip`."""
    outer_destination: str
    """The tunnel's local: `enc_dst_ip`."""
    mark: tuple[int, int]
    span: Span = field(compare=False)
    chain: int = 0
