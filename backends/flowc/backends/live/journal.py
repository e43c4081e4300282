"""The journal as a file: JSON beside the kernel, written before the kernel is changed.

A damaged one is never taken for an empty one: what it held could not be put back any more.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

from flowc.backends.live.runtime import LiveError, Runtime
from flowc.hoststate.journal import DeviceBefore, Journal

NAME = "journal.json"
VERSION = 1
_FIELDS: dict[str, type] = {"master": str, "mtu": int, "mac": str, "up": bool}


def load_journal(runtime: Runtime) -> Journal:
    """What is noted; an empty journal where nothing was ever. Raises LiveError for one that cannot be read."""
    text = runtime.read(NAME)
    if text is None:
        return Journal()
    try:
        return _journal(json.loads(text))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        reason = " ".join(str(error).split())[:100]
        raise LiveError(
            f"{runtime.folder / NAME} is damaged ({reason}): it notes what was there before flowc, and without it that is "
            "not put back; repair it, or move it away to go on without"
        ) from error


def store_journal(runtime: Runtime, journal: Journal) -> None:
    """Keep it; of an empty one nothing is left. Raises LiveError."""
    if not journal:
        runtime.remove(NAME)
        return
    devices = {
        device: {name: value for name, value in before._asdict().items() if value is not None}
        for device, before in sorted(journal.devices.items())
    }
    document = {
        "version": VERSION,
        "sysctls": dict(sorted(journal.sysctls.items())),
        "devices": devices,
        "local_rule_first": journal.local_rule_first,
        "addresses": sorted(journal.addresses),
    }
    runtime.write(NAME, json.dumps(document, indent=2) + "\n")


def _journal(document: Any) -> Journal:  # noqa: ANN401  # whatever JSON holds
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise ValueError(f"no journal of version {VERSION}")
    sysctls = {_typed(key, str): _typed(value, str) for key, value in _typed(document["sysctls"], dict).items()}
    devices = {device: _before(_typed(row, dict)) for device, row in _typed(document["devices"], dict).items()}
    first = _typed(document["local_rule_first"], bool)
    addresses = frozenset(map(_pair, _typed(document.get("addresses", []), list)))
    return Journal(MappingProxyType(sysctls), MappingProxyType(devices), first, addresses)


def _pair(row: object) -> tuple[str, str]:
    device, address = _typed(row, list)
    return _typed(device, str), _typed(address, str)


def _before(row: dict[str, Any]) -> DeviceBefore:
    unknown = set(row) - set(_FIELDS)
    if unknown:
        raise ValueError(f"a device has no `{min(unknown)}`")
    return DeviceBefore(**{name: _typed(value, _FIELDS[name]) for name, value in row.items()})


def _typed(value: Any, kind: type) -> Any:  # noqa: ANN401
    if type(value) is not kind:  # True is an int to isinstance
        raise TypeError(f"{json.dumps(value)[:40]} where {kind.__name__} is expected")
    return value
