"""Where rendered files go: a folder per host, and files that are replaced as a whole and only when they differ."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from flowc.files import replace_file

FOLDER_LIMIT = 200
"""Bytes of a folder name before it is shortened; file systems allow 255."""


class Written(NamedTuple):
    """What became of one file."""

    path: Path
    changed: bool


def host_folder(host: str) -> str:
    """A folder name for a host, a different one for each: a quoted name may be `../..`, `/` or anything else."""
    name = quote(host, safe="", errors="surrogatepass")
    if name.startswith("."):  # `.` and `..` are no names, and the others would be hidden
        name = "%2E" + name[1:]
    if len(name) > FOLDER_LIMIT:
        name = name[:FOLDER_LIMIT] + "%" + hashlib.sha256(name.encode()).hexdigest()[:16]
    return name or "%"


def write_if_changed(path: Path, text: str, *, executable: bool = False) -> Written:
    """Replace a file at once, or leave it alone if it has this content and mode. Raises OSError."""
    content = text.encode()
    mode = 0o755 if executable else 0o644
    try:
        if path.read_bytes() == content and path.stat().st_mode & 0o777 == mode:
            return Written(path, changed=False)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, content, mode)
    return Written(path, changed=True)
