"""All that a network namespace holds, as text that compares: without counters, timers and interface indexes."""

from __future__ import annotations

import re
import subprocess
from difflib import unified_diff

from tests.packets.lab import Namespace

COMMANDS = (
    ("ip", "-d", "link"), ("ip", "addr"), ("ip", "-4", "route", "show", "table", "all"),
    ("ip", "-6", "route", "show", "table", "all"), ("ip", "-4", "rule"), ("ip", "-6", "rule"),
    ("ip", "neigh", "show", "nud", "permanent"), ("tc", "qdisc"), ("nft", "-s", "list", "ruleset"),
)  # fmt: skip
_VARYING = re.compile(
    r"^\d+: |@if\d+|link-netnsid \d+|if\d+|(?<=expires )\d+sec|valid_lft \S+|proto kernel_ll ?| *linkdown| *dead"
    r"|qdisc no(op|queue)|gso_\S+ \d+|gro_\S+ \d+|tso_\S+ \d+"
)
_NOQUEUE = re.compile(r"^qdisc noqueue .*\n", re.MULTILINE)
"""A device has it once it was up."""
_L3MDEV = re.compile(r"^1000:\s+from all lookup \[l3mdev-table\].*\n", re.MULTILINE)
"""The kernel makes it with the first VRF, and never deletes it (drivers/net/vrf.c, `vrf_add_fib_rules`)."""
_SYSCTLS = ("net/ipv4/conf", "net/ipv6/conf", "net/ipv4/ip_forward", "net/ipv4/fwmark_reflect", "net/ipv4/route")
_MOVING = ("stable_secret", "ra_defrtr_metric")


_OF_NAMESPACE = re.compile(
    r"NO-CARRIER,|,M-DOWN|,LOWER_UP|link/\S+ [0-9a-f:]{11,} brd \S+|permaddr \S+|link-netns \S+|state \S+"
    r"|bridge(_slave)? +(state \S+ +)?(forward_delay|priority) .*|quantum \d+",
    re.MULTILINE,
)
"""What devices of the same name have of their own in each namespace, and what depends on when their carrier came: of a
queue the quantum, which is from the MTU of that moment (`fq_codel_init` in net/sched/sch_fq_codel.c)."""
_CARRIED = re.compile(
    r"^ *(inet6 fe80::.*\n.*|(local |anycast )?fe80::.*|multicast ff00::/8 .*|anycast .*)\n", re.MULTILINE
)
"""Comes with the carrier."""


def dump(namespace: Namespace, *, like: bool = False) -> str:
    """Lines of a device are sorted by themselves, so that the order of devices does not count.

    With `like` it compares with another namespace, but for nft: there the order of sets tells when they were made.
    """
    parts = []
    for command in COMMANDS[:-1] if like else COMMANDS:
        text = _NOQUEUE.sub("", _L3MDEV.sub("", namespace.run(*command)))
        if like:
            text = _OF_NAMESPACE.sub("", _CARRIED.sub("", text))
        lines = [_VARYING.sub("", line).rstrip() for line in text.splitlines()]
        parts.append(f"$ {' '.join(command)}\n" + "\n".join(_blocks(lines)))
    return "\n".join([*parts, *_sysctls(namespace)])


def nft_objects(namespace: Namespace) -> list[str]:
    """Sets, chains and flowtables by themselves: their order tells when they were made."""
    return sorted(namespace.run(*COMMANDS[-1]).split("\n\n"))


def _blocks(lines: list[str]) -> list[str]:
    """A line with those that are indented below it is one."""
    blocks: list[str] = []
    for line in lines:
        if blocks and (line.startswith((" ", "\t", "}")) or not line):
            blocks[-1] += f"\n{line}"
        else:
            blocks.append(line)
    return sorted(blocks)


def _sysctls(namespace: Namespace) -> list[str]:
    folders = [f"/proc/sys/{folder}" for folder in _SYSCTLS]
    with namespace.entered():  # grep reads a thousand files in the time that Python reads ten
        done = subprocess.run(["grep", "-rs", "", *folders], capture_output=True, text=True, check=False)
    lines = (line.removeprefix("/proc/sys/") for line in done.stdout.splitlines())
    return sorted(line for line in lines if not any(one in line.partition(":")[0] for one in _MOVING))


def changes(one: str, two: str) -> list[str]:
    """What differs in two dumps, as diff(1) shows it."""
    return list(unified_diff(one.splitlines(), two.splitlines(), lineterm="", n=1))
