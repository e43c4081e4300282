"""The host's connections, by netlink."""

from __future__ import annotations

import socket
from typing import NamedTuple

from flowc.testbed.namespace import Namespace

_OFFLOAD = 1 << 14  # IPS_OFFLOAD, linux/netfilter/nf_conntrack_common.h


class Tuple(NamedTuple):
    """The first packet's ends."""

    protocol: int
    source: str
    destination: str
    source_port: int
    port: int


class Connections:
    def __init__(self, namespace: Namespace) -> None:
        from pyroute2 import NFCTSocket  # noqa: PLC0415  # heavy, and of use here alone

        with namespace.entered():
            self._sockets = [NFCTSocket(nfgen_family=family) for family in (socket.AF_INET, socket.AF_INET6)]

    def close(self) -> None:
        for one in self._sockets:
            one.close()

    def forget(self) -> None:
        """Forget all: what follows is new."""
        for one in self._sockets:
            one.flush()

    def offloaded(self) -> set[Tuple]:
        """Those that the flowtable carries."""
        found = set()
        for one in self._sockets:
            for entry in one.dump():
                if (entry.get_attr("CTA_STATUS") or 0) & _OFFLOAD:
                    original = entry.get_attr("CTA_TUPLE_ORIG")
                    ends, proto = original.get_attr("CTA_TUPLE_IP"), original.get_attr("CTA_TUPLE_PROTO")
                    source, to = (
                        ends.get_attr(f"CTA_IP_V4_{end}") or ends.get_attr(f"CTA_IP_V6_{end}") for end in ("SRC", "DST")
                    )
                    found.add(
                        Tuple(
                            proto.get_attr("CTA_PROTO_NUM"),
                            source,
                            to,
                            proto.get_attr("CTA_PROTO_SRC_PORT") or 0,
                            proto.get_attr("CTA_PROTO_DST_PORT") or 0,
                        )
                    )
        return found
