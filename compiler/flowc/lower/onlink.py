"""Public addresses on a link are announced: until the host was loaded, they may have been elsewhere."""

from __future__ import annotations

from flowc.hoststate import AnnouncementRow
from flowc.ir.addresses import format_address
from flowc.ir.links import Tunnel
from flowc.ir.own import OnLink
from flowc.ir.tables import Table


def announcements(found: list[OnLink]) -> Table[AnnouncementRow]:
    """Where there are neighbours to hear it: a layer 3 tunnel has none."""
    rows = Table(AnnouncementRow)
    for one in found:
        link = one.interface.link
        if not isinstance(link, Tunnel) or link.kind.ethernet:
            address = format_address(one.family, one.address)
            rows.append(AnnouncementRow(one.family, address, one.interface.device, one.span))
    return rows.sorted("device", "family", "address")
