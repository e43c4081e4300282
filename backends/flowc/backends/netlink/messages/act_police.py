"""Packets by rate and length: TCA_POLICE_* of linux/pkt_cls.h. pyroute2 has it only with a rate (iproute2's table of times)."""

from __future__ import annotations

from pyroute2.netlink import NLA_F_NESTED, nla

from flowc.backends.netlink.messages.tc_gen import tc_gen


def _ratespec(name: str) -> tuple[tuple[str, str], ...]:
    """Struct tc_ratespec."""
    return (
        (f"{name}_cell_log", "B"),
        (f"{name}_linklayer", "B"),
        (f"{name}_overhead", "H"),
        (f"{name}_cell_align", "h"),
        (f"{name}_mpu", "H"),
        (name, "I"),
    )


class options(nla):  # noqa: N801  # pyroute2's style
    __slots__ = ()

    nla_flags = NLA_F_NESTED
    nla_map = (
        ("TCA_POLICE_UNSPEC", "none"),
        ("TCA_POLICE_TBF", "tc_police"),
        ("TCA_POLICE_RATE", "hex"),
        ("TCA_POLICE_PEAKRATE", "hex"),
        ("TCA_POLICE_AVRATE", "uint32"),
        ("TCA_POLICE_RESULT", "int32"),
        ("TCA_POLICE_TM", "hex"),
        ("TCA_POLICE_PAD", "hex"),
        ("TCA_POLICE_RATE64", "uint64"),
        ("TCA_POLICE_PEAKRATE64", "uint64"),
        ("TCA_POLICE_PKTRATE64", "uint64"),
        ("TCA_POLICE_PKTBURST64", "uint64"),
    )

    class tc_police(nla):  # noqa: N801  # pyroute2's style
        """`action` is what becomes of a packet that exceeds, TCA_POLICE_RESULT of one that conforms."""

        __slots__ = ()

        fields = (
            *tc_gen[:1],
            *tc_gen[2:3],
            ("limit", "I"),
            ("burst", "I"),
            ("mtu", "I"),
            *_ratespec("rate"),
            *_ratespec("peakrate"),
            *tc_gen[3:],
            *tc_gen[1:2],
        )
