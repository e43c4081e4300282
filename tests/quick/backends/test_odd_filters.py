"""Filters that flowc did not write, or not so: what of them is its own, and what it cannot say; and what passes them."""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.quick.backends.kernel import HEADER, Kernel
from tests.quick.backends.test_live_filters import FILTER, LO, NAMES, OTHERS, kernel_with, read

from flowc.backends.netlink.connection import MissingDeviceError, RefusedError
from flowc.backends.netlink.messages.flower import tcmsg
from flowc.backends.netlink.objects import filters
from flowc.backends.netlink.objects.filters import actions
from flowc.backends.netlink.objects.filters.taking import UnsayableError
from flowc.delta.filters import Clsact
from flowc.hoststate import FlowerFilter
from flowc.hoststate.tc import (
    ICMP,
    UDP,
    Action,
    Checksum,
    Checksums,
    Conntrack,
    Direction,
    Drop,
    Field,
    Fragments,
    Match,
    Munge,
    Nat,
    Pass,
    Pedit,
    Placement,
    Police,
    PortRange,
    Redirect,
    SetMark,
    TunnelSet,
    Verdict,
)
from flowc.hoststate.tc.counted import FilterCounters, Packets
from flowc.source import NOWHERE


def changed(one: FlowerFilter, *path: str, value: object = None) -> Any:  # noqa: ANN401  # a message, or a stand-in
    """A kernel that has this filter with an attribute of another value, or without it."""
    kernel = Kernel()
    fields, attributes = filters.message(one)
    found: list[Any] = attributes
    for name in path[:-1]:
        found = next(inner["attrs"] for key, inner in found if key == name)
    found[:] = [pair for pair in found if pair[0] != path[-1]]
    if value is not None:
        found.insert(0, (path[-1], value))
    kernel.write(tcmsg, 44, 0, fields, attributes)
    return kernel


FLOWER = ("TCA_OPTIONS",)
EDIT, LAST = ((*FLOWER, "TCA_FLOWER_ACT", f"TCA_ACT_PRIO_{number}") for number in (1, 2))


@pytest.mark.parametrize(
    ("path", "value", "difference"),
    [
        ((*FLOWER, "TCA_FLOWER_FLAGS"), None, {"placement": Placement.BOTH}),
        ((*FLOWER, "TCA_FLOWER_KEY_ENC_KEY_ID"), None, {"match": replace(FILTER.match, key=None)}),
        ((*FLOWER, "TCA_FLOWER_KEY_ETH_DST"), "00:00:00:00:00:01",
         {"match": replace(FILTER.match, destination_mac="00:00:00:00:00:01")}),
        (EDIT, None, {"actions": (Pass(),)}),
        ((*LAST, "TCA_ACT_OPTIONS", "TCA_GACT_PARMS"), {"action": 2}, {"actions": (SetMark(1, 0xFF), Drop())}),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else "",
)  # fmt: skip
def test_a_filter_of_flowc_that_does_something_else_is_a_difference(
    path: tuple[str, ...], value: object, difference: dict[str, Any]
) -> None:
    assert read(changed(FILTER, *path, value=value)) == (replace(FILTER, **difference),)


def of(*actions: Action, **match: Any) -> FlowerFilter:  # noqa: ANN401  # a message, or a stand-in
    return replace(FILTER, protocol="ip", match=Match(**match), actions=(*actions, Pass()))


def options(kind: str, name: str) -> tuple[str, ...]:
    return (*EDIT, "TCA_ACT_OPTIONS", f"TCA_{kind}_{name}")


PIPE = {"action": 3}
KEY_1 = {"keys": [(0x00FFFFFF, 0xFE000000, 8)]}
EXTENDED = {"attrs": [("TCA_PEDIT_KEY_EX", {"attrs": [("TCA_PEDIT_KEY_EX_HTYPE", 2), ("TCA_PEDIT_KEY_EX_CMD", 1)]})]}
TRANSLATE = Nat(Direction.EGRESS, "10.0.0.75/32", "2.2.2.11")
ADDRESSES = {"old_addr": b"\x0a\x00\x00\x4b", "new_addr": b"\x02\x02\x02\x0b", "mask": b"\xff\xff\xff\xff"}
UNSAYABLE: list[tuple[FlowerFilter, tuple[str, ...], Any]] = [
    (FILTER, (*FLOWER, "TCA_FLOWER_KEY_ENC_IPV4_SRC_MASK"), "255.255.255.0"),
    (FILTER, (*FLOWER, "TCA_FLOWER_KEY_ENC_IPV6_SRC"), "2001:db8::1"),
    (FILTER, (*FLOWER, "TCA_FLOWER_KEY_ETH_TYPE"), 0x0800),
    (FILTER, (*FLOWER, "TCA_FLOWER_CLASSID"), 1),
    (of(), (*FLOWER, "TCA_FLOWER_KEY_ETH_TYPE"), None),
    (of(), (*FLOWER, "TCA_FLOWER_KEY_IP_TOS"), 4),
    (of(), (*FLOWER, "TCA_FLOWER_KEY_CT_LABELS"), "00" * 16),
    (of(source="10.0.0.0/8"), (*FLOWER, "TCA_FLOWER_KEY_IPV4_SRC_MASK"), "255.0.255.0"),
    (of(fragments=Fragments.ANY), (*FLOWER, "TCA_FLOWER_KEY_FLAGS_MASK"), 4),
    (of(ct_zone=5), (*FLOWER, "TCA_FLOWER_KEY_CT_ZONE_MASK"), 0xFF),
    (of(ip_proto=UDP, source_port=PortRange(1, 5)), (*FLOWER, "TCA_FLOWER_KEY_UDP_SRC"), 7),
    (of(ip_proto=UDP), (*FLOWER, "TCA_FLOWER_KEY_TCP_SRC"), 7),
    (of(ip_proto=UDP), (*FLOWER, "TCA_FLOWER_KEY_ICMPV4_TYPE"), 7),
    (of(ip_proto=ICMP), (*FLOWER, "TCA_FLOWER_KEY_ICMPV6_TYPE"), 7),
    (of(ip_proto=ICMP), (*FLOWER, "TCA_FLOWER_KEY_ICMPV4_CODE"), 7),
    (of(SetMark(1)), (*EDIT, "TCA_ACT_KIND"), "csum"),
    (of(SetMark(1)), options("SKBEDIT", "MARK"), None),
    (of(SetMark(1)), options("SKBEDIT", "PRIORITY"), 1),
    (of(SetMark(1)), options("SKBEDIT", "PARMS"), {"action": 0}),
    (of(Drop()), options("GACT", "PARMS"), {"action": 7}),
    (of(Redirect("lo")), options("MIRRED", "PARMS"), {"action": 4, "eaction": 2, "ifindex": LO}),
    (of(Redirect("lo")), options("MIRRED", "PARMS"), {"action": 4, "eaction": 1, "ifindex": 0}),
    (of(Conntrack(5)), options("CT", "ACTION"), 1),
    (of(Conntrack(5)), options("CT", "MARK"), 1),
    (of(Conntrack(5)), options("CT", "PARMS"), {"action": 0}),
    (of(Police(1500, Verdict.DROP)), options("POLICE", "TBF"), {"action": 2, "mtu": 1500, "rate": 1000}),
    (of(Police(1500, Verdict.DROP)), options("POLICE", "TBF"), {"action": 1, "mtu": 1500}),
    (of(Police(1500, Verdict.DROP)), options("POLICE", "PKTRATE64"), 1000),
    (of(Pedit((Munge(Field.TTL),))), options("PEDIT", "PARMS_EX"), PIPE | KEY_1),
    (of(Pedit((Munge(Field.TTL),))), options("PEDIT", "PARMS_EX"), PIPE | {"keys": [(0xFFFFFF, 0xFF << 24, 12)]}),
    (of(Pedit((Munge(Field.IP6_SOURCE, "fd00::1"),))), options("PEDIT", "KEYS_EX"), EXTENDED),
    (of(Pedit((Munge(Field.TTL),))), options("PEDIT", "KEYS_EX"), {"attrs": EXTENDED["attrs"] * 2}),
    (of(Checksum(Checksums.TCP)), options("CSUM", "PARMS"), PIPE | {"update_flags": 64}),
    (of(TRANSLATE), options("NAT", "PARMS"), {"action": 0} | ADDRESSES),
    (of(TRANSLATE), options("NAT", "PARMS"), PIPE | ADDRESSES | {"flags": 2}),
    (of(TRANSLATE), options("NAT", "PARMS"), PIPE | ADDRESSES | {"mask": b"\xff\x00\xff\xff"}),
    (of(TunnelSet("192.0.2.1", "192.0.2.2", 7)), options("TUNNEL_KEY", "ENC_DST_PORT"), 4789),
    (of(TunnelSet("192.0.2.1", "192.0.2.2", 7)), options("TUNNEL_KEY", "ENC_KEY_ID"), None),
    (of(TunnelSet("192.0.2.1", "192.0.2.2", 7)), options("TUNNEL_KEY", "ENC_OPTS"), "00000000"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "path", "value"), UNSAYABLE, ids=lambda value: value[-1] if isinstance(value, tuple) else ""
)
def test_one_that_no_type_can_say_reads_as_one_that_nobody_asks_for(
    one: FlowerFilter, path: tuple[str, ...], value: object
) -> None:
    assert read(kernel_with(one)) == (one,)
    assert read(changed(one, *path, value=value)) == (replace(one, match=Match(), actions=()),)


def test_an_address_without_a_mask_is_that_of_one_machine() -> None:
    """As the kernel takes it (net/sched/cls_flower.c, fl_set_key_val)."""
    one = of(source="10.0.0.75/32")
    assert read(changed(one, *FLOWER, "TCA_FLOWER_KEY_IPV4_SRC_MASK")) == (one,)


def test_a_kind_of_action_that_flowc_does_not_have_is_none_of_its() -> None:
    with pytest.raises(UnsayableError, match="simple"):
        actions.read("simple", b"", NAMES)


def test_a_filter_without_the_cookie_is_flowcs_only_as_an_older_script_wrote_it() -> None:
    cookie = (*LAST, "TCA_ACT_COOKIE")
    both = replace(FILTER, placement=Placement.BOTH)
    more = replace(FILTER, match=replace(FILTER.match, ct_zone=1))
    for one, own in ((FILTER, True), (OTHERS[0], True), (OTHERS[1], False), (both, False), (more, False)):
        assert read(changed(one, *cookie)) == ((one,) if own else ())
        assert read(changed(one, *cookie, value=b"other")) == ()


def refusing(code: int, *those: FlowerFilter) -> Any:  # noqa: ANN401  # a message, or a stand-in
    kernel = kernel_with(*those)

    def write(*_: object) -> None:
        raise RefusedError(code, None)

    kernel.write = kernel.send = write
    return kernel


def test_one_that_is_gone_can_be_deleted() -> None:
    elsewhere = (replace(FILTER, chain=5), replace(FILTER, preference=11))
    for code in (errno.ENOENT, errno.ENODEV, errno.EINVAL):
        filters.delete(refusing(code, *elsewhere), FILTER)
    with pytest.raises(RefusedError):
        filters.delete(refusing(errno.EINVAL, *elsewhere, FILTER), FILTER)
    with pytest.raises(RefusedError):
        filters.delete(refusing(errno.EPERM), FILTER)
    filters.delete(refusing(errno.EPERM), replace(FILTER, device="none"))


def test_one_of_another_protocol_can_be_deleted() -> None:
    """Somebody gave it flowc's cookie."""
    kernel = kernel_with(replace(FILTER, protocol="0x0806"))
    (found,) = read(kernel)
    assert found.protocol == "0x0806"
    filters.delete(kernel, found)
    assert kernel.messages[1][: HEADER + 20][HEADER:] == kernel.messages[0][: HEADER + 20][HEADER:]


def test_a_device_that_is_missing_is_told() -> None:
    with pytest.raises(MissingDeviceError, match="none"):
        filters.message(replace(FILTER, actions=(Redirect("none"),)))


def test_a_qdisc_stays_while_anything_hangs_from_it() -> None:
    clsact = Clsact("lo", NOWHERE)
    for kernel, writes in ((kernel_with(), 1), (kernel_with(FILTER), 0)):
        before = len(kernel.messages)
        filters.delete_qdisc(kernel, clsact)
        assert len(kernel.messages) == before + writes
    for code, told in ((errno.EINVAL, False), (errno.EPERM, True)):
        if told:
            with pytest.raises(RefusedError):
                filters.delete_qdisc(refusing(code), clsact)
        else:
            filters.delete_qdisc(refusing(code), clsact)


def stats(*, basic: tuple[int, int], hardware: tuple[int, int] | None = None) -> dict[str, Any]:
    """Packets and bytes."""
    found = [("TCA_STATS_BASIC", dict(zip(("packets", "bytes"), basic, strict=True)))]
    found += [("TCA_STATS_BASIC_HW", dict(zip(("packets", "bytes"), hardware, strict=True)))] if hardware else []
    return {"attrs": found}


def counted(change: Callable[[dict[str, Any]], None]) -> FilterCounters:
    """Of FILTER, whose message is changed: actions and flags by name."""
    fields, attributes = filters.message(FILTER)
    flower = dict(attributes[-1][1]["attrs"])
    each = {name: dict(action["attrs"]) for name, action in flower["TCA_FLOWER_ACT"]["attrs"]}
    change({"flower": flower, **each})
    flower["TCA_FLOWER_ACT"] = {"attrs": [(name, {"attrs": list(one.items())}) for name, one in each.items()]}
    kernel: Any = Kernel()
    kernel.write(tcmsg, 44, 0, fields, [*attributes[:-1], ("TCA_OPTIONS", {"attrs": list(flower.items())})])
    ((key, found),) = filters.counters(kernel, NAMES, ["lo"]).items()
    assert key == ("lo", 0, 10, 1000)
    return found


def test_what_has_passed_a_filter_is_what_its_first_action_counts() -> None:
    def software(parts: dict[str, Any]) -> None:
        parts["TCA_ACT_PRIO_1"]["TCA_ACT_STATS"] = stats(basic=(7, 700))
        parts["TCA_ACT_PRIO_2"]["TCA_ACT_STATS"] = stats(basic=(5, 500))

    def hardware(parts: dict[str, Any]) -> None:
        parts["flower"]["TCA_FLOWER_FLAGS"] = 4
        parts["TCA_ACT_PRIO_1"]["TCA_ACT_STATS"] = stats(basic=(9, 1 << 40), hardware=(2, 1 << 35))
        parts["TCA_ACT_PRIO_2"]["TCA_ACT_USED_HW_STATS"] = {"value": 2, "selector": 3}

    def many(parts: dict[str, Any]) -> None:
        told = stats(basic=(1, 2))
        told["attrs"].append(("TCA_STATS_PKT64", (1 << 32) + 1))
        parts["TCA_ACT_PRIO_1"]["TCA_ACT_STATS"] = told

    nothing = Packets(0, 0)
    assert counted(lambda _: None) == FilterCounters(nothing, nothing, in_hardware=False, hardware_counts=False)
    assert counted(software) == FilterCounters(Packets(7, 700), nothing, in_hardware=False, hardware_counts=False)
    assert counted(hardware) == FilterCounters(
        Packets(9, 1 << 40), Packets(2, 1 << 35), in_hardware=True, hardware_counts=True
    )
    assert counted(many).total == Packets((1 << 32) + 1, 2)


def test_a_message_without_a_handle_is_no_filter() -> None:
    kernel = kernel_with(FILTER)
    head = struct.pack("=BxxxiIII", 0, LO, 0, 0xFFFFFFF2, 10 << 16)
    kernel.messages = [kernel.messages[0][:HEADER] + head + kernel.messages[0][HEADER + 20 :]]
    assert read(kernel) == ()
    assert filters.counters(kernel, NAMES, ["lo"]) == {}
