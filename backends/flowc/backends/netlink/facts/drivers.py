"""The driver of a device, as `ethtool -i` asks for it: pyroute2 does not have that. /sys/class/net would tell, but belongs
to the network namespace that it was mounted in.
"""

from __future__ import annotations

import array
import fcntl
import socket
import struct

_SIOCETHTOOL = 0x8946  # linux/sockios.h
_ETHTOOL_GDRVINFO = 3  # linux/ethtool.h
_SIZE = 196
"""struct ethtool_drvinfo: a command, then fields of 32 bytes each, of which the first is the driver, the fourth the bus."""


def driver_info(device: str) -> tuple[str, str] | None:
    """The driver and where it is on its bus, such as `0000:01:00.0`; None where the device has no driver to ask."""
    buffer = array.array("B", struct.pack("I", _ETHTOOL_GDRVINFO).ljust(_SIZE, b"\0"))
    request = struct.pack("16sP8x", device.encode(), buffer.buffer_info()[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as control:
        try:
            fcntl.ioctl(control, _SIOCETHTOOL, request)
        except OSError:
            return None
    fields = buffer.tobytes()
    driver, bus = (fields[start : start + 32].partition(b"\0")[0].decode(errors="replace") for start in (4, 100))
    return (driver, bus) if driver else None
