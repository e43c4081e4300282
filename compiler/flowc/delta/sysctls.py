"""Sysctls: by key. Deleted is what the file no longer asks for; the kernel keeps a value until somebody sets another."""

from __future__ import annotations

from flowc.delta.kinds import Kind
from flowc.hoststate import Sysctl

SYSCTL: Kind[Sysctl] = Kind(
    name="sysctl",
    identity=("key",),
    key=lambda one: (one.key,),
    attributes=("value",),
    values=lambda one: (one.value,),
    title=lambda one: one.key,
    words=lambda one: f"{one.key} = {one.value}",
    span=lambda one: one.span,
)
