"""pyroute2 as far as the reader needs it, with types: its own annotations leave most of it out."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self, TypeAlias

from pyroute2.netlink.exceptions import NetlinkError

Message: TypeAlias = Mapping[str, Any]
"""A netlink message: fields by key, attributes in `attrs`."""

_pyroute2: Any = importlib.import_module("pyroute2")
_ethtool: Any = importlib.import_module("pyroute2.ethtool")
_devlink: Any = importlib.import_module("pyroute2.netlink.devlink")


_NLM_F_REQUEST = 1  # linux/netlink.h


def attributes(message: Message) -> dict[str, Any]:
    """The attributes by name."""
    return {pair[0]: pair[1] for pair in message["attrs"]}


class Rtnl:
    """Dumps of rtnetlink. Each raises NetlinkError."""

    def __init__(self) -> None:
        self._route = _pyroute2.IPRoute()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._route.close()

    def links(self) -> list[Message]:
        return list(self._route.link("dump"))

    def addresses(self) -> list[Message]:
        return list(self._route.get_addr())

    def routes(self, family: int) -> list[Message]:
        return list(self._route.route("dump", family=family))

    def neighbors(self, family: int) -> list[Message]:
        return list(self._route.get_neighbours(family=family))


class Features:
    """What ethtool switches on and off."""

    def __init__(self) -> None:
        self._ethtool = _ethtool.Ethtool()

    def close(self) -> None:
        self._ethtool.close()

    def tc_offload(self, device: str) -> bool | None:
        """`hw-tc-offload`; None where the kernel does not know it. Raises OSError."""
        feature = self._ethtool.get_features(device).features.get("hw-tc-offload")
        return None if feature is None else bool(feature.enable)


class Devlink:
    """What the drivers of NICs tell beside ethtool."""

    def __init__(self, socket: Any) -> None:  # noqa: ANN401  # pyroute2's
        self._socket = socket

    def eswitch(self, address: str) -> int | None:
        """The mode of the embedded switch of a PCI device (linux/devlink.h). Raises NetlinkError where it has none."""
        request = _devlink.devlinkcmd()
        request["cmd"] = _devlink.DEVLINK_NAMES["DEVLINK_CMD_ESWITCH_GET"]
        request["attrs"] = [("DEVLINK_ATTR_BUS_NAME", "pci"), ("DEVLINK_ATTR_DEV_NAME", address)]
        answers = self._socket.nlm_request(request, msg_type=self._socket.asyncore.prid, msg_flags=_NLM_F_REQUEST)
        return next((attributes(answer).get("DEVLINK_ATTR_ESWITCH_MODE") for answer in answers), None)


@contextmanager
def devlink() -> Iterator[Devlink | None]:
    """None in a kernel without it."""
    socket = _devlink.DevlinkSocket()
    socket.asyncore.module_err_level = "debug"  # pyroute2 would log an error
    try:
        try:
            socket.bind()
        except NetlinkError:
            yield None
        else:
            yield Devlink(socket)
    finally:
        socket.close()
