"""Parts of packets written: linux/tc_act/tc_pedit.h, with extended keys (since 4.11)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from pyroute2.netlink import NLA_F_NESTED, nla

from flowc.backends.netlink.messages.tc_gen import tc_gen

HDR_TYPE_ETH, HDR_TYPE_IP4, HDR_TYPE_IP6, HDR_TYPE_TCP, HDR_TYPE_UDP = 1, 2, 3, 4, 5  # TCA_PEDIT_KEY_EX_*
CMD_SET, CMD_ADD = 0, 1


class options(nla):  # noqa: N801  # pyroute2's style
    __slots__ = ()

    nla_flags = NLA_F_NESTED
    nla_map = (
        ("TCA_PEDIT_UNSPEC", "none"),
        ("TCA_PEDIT_TM", "hex"),
        ("TCA_PEDIT_PARMS", "tc_pedit_sel"),
        ("TCA_PEDIT_PAD", "hex"),
        ("TCA_PEDIT_PARMS_EX", "tc_pedit_sel"),
        ("TCA_PEDIT_KEYS_EX", "keys_ex", NLA_F_NESTED),
    )

    class tc_pedit_sel(nla):  # noqa: N801  # pyroute2's style
        """`keys` is a list of (mask, value, offset), `nkeys` their number: the bits of the mask stay, and the value is put
        to the others.

        Mask and value are four bytes of the packet in its order, so the mask of the first one is 0x00FFFFFF.
        """

        __slots__ = ()

        fields = (*tc_gen, ("nkeys", "B"), ("flags", "B"), ("__pad", "H"))
        key = struct.Struct("=4s4siIII")

        @classmethod
        def behind(cls, value: Mapping[str, Any]) -> bytes:
            """The keys as they stand behind the fields."""
            return b"".join(
                cls.key.pack(mask.to_bytes(4, "big"), to.to_bytes(4, "big"), offset, 0, 0, 0)
                for mask, to, offset in value["keys"]
            )

        def encode(self) -> None:
            nla.encode(self)  # type: ignore[no-untyped-call]  # pyroute2's
            keys = self.behind(self)
            self.data.extend(keys)
            self.length += len(keys)
            struct.pack_into("H", self.data, self.offset, self.length)

        def decode(self) -> None:
            nla.decode(self)  # type: ignore[no-untyped-call]  # pyroute2's
            self["keys"] = []
            for place in range(self.offset + 28, self.offset + self.length, self.key.size):
                mask, value, offset, *_ = self.key.unpack_from(self.data, place)
                self["keys"].append((int.from_bytes(mask, "big"), int.from_bytes(value, "big"), offset))

    class keys_ex(nla):  # noqa: N801  # pyroute2's style
        """One for each key, in the same order."""

        __slots__ = ()

        nla_map = ((6, "TCA_PEDIT_KEY_EX", "key_ex", NLA_F_NESTED),)

        class key_ex(nla):  # noqa: N801  # pyroute2's style
            """Which header the key counts from, and whether its value is set or added."""

            __slots__ = ()

            nla_map = (
                ("TCA_PEDIT_KEY_EX_UNSPEC", "none"),
                ("TCA_PEDIT_KEY_EX_HTYPE", "uint16"),
                ("TCA_PEDIT_KEY_EX_CMD", "uint16"),
            )
