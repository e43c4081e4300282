"""Files that are read within limits, and replaced as a whole: who reads one meanwhile never sees a part of the new one."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

MAX_BYTES = 64 * 1024 * 1024
"""Of one file: a million rows of a table. What is larger, or has no end like /dev/zero, was named by mistake."""

NOT_REGULAR = "it is no regular file"

NAME_LIMIT = 60
"""Characters of a file's name in that of the temporary one beside it."""


def read_stream(stream: BinaryIO) -> bytes:
    """What is in a stream, up to MAX_BYTES. Raises OSError, also for more than that."""
    data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {MAX_BYTES >> 20} MiB")
    return data


def read(path: str | Path) -> bytes:
    """The bytes of a file or device, up to MAX_BYTES. Raises OSError, and ValueError for a NUL in the path."""
    with Path(path).open("rb") as file:
        return read_stream(file)


def refuse_special(path: Path) -> None:
    """Raise OSError for a device, a FIFO or a socket, which may have no end or none to write to it."""
    with suppress(FileNotFoundError, NotADirectoryError):
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise OSError(errno.EINVAL, NOT_REGULAR, str(path))


def rewrite(path: str | Path, content: bytes) -> None:
    """Replace what a file holds at once. Its mode and, where that is allowed, its owner stay; so does a link to it.

    Raises OSError, also for what is no regular file.
    """
    target = Path(path).resolve(strict=True)
    status = target.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, NOT_REGULAR, str(path))
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    replace_file(target, content, stat.S_IMODE(status.st_mode), (status.st_uid, status.st_gid))


def write(name: str, content: bytes) -> None:
    """Put content where a person says: into a file, new or not, in a folder that exists, or into a device or FIFO.

    A regular file is replaced as by `rewrite`; a new one has the mode that the umask leaves. Raises OSError, and
    ValueError for a NUL in the name.
    """
    try:
        is_file = stat.S_ISREG(os.stat(name).st_mode)  # noqa: PTH116  # Path("") is the current folder
    except FileNotFoundError:
        if not name:
            raise
        _create(Path(name).resolve(), content)
        return
    if is_file and not name.startswith(("/dev/", "/proc/")):
        rewrite(name, content)
        return
    with open(name, "wb") as file:  # noqa: PTH123  # /dev/stdout and /dev/fd/3 are what is open already
        file.write(content)


def _create(path: Path, content: bytes) -> None:
    path.touch(exist_ok=False)
    try:
        replace_file(path, content, stat.S_IMODE(path.stat().st_mode))
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def replace_file(
    path: Path, content: bytes, mode: int, owner: tuple[int, int] | None = None, *, is_synced: bool = False
) -> None:
    """Put a whole new file in place of one, at once. Raises OSError.

    `owner` is the user and group that it is to belong to, if this process may give it to them. With `is_synced` it is
    on the disk when this returns.
    """
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:NAME_LIMIT]}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if owner is not None:
                with suppress(PermissionError):
                    os.fchown(file.fileno(), *owner)
            os.fchmod(file.fileno(), mode)
            if is_synced:
                file.flush()
                os.fsync(file.fileno())
        Path(temporary).replace(path)
        if is_synced:
            _sync(path.parent)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _sync(folder: Path) -> None:
    """Its names: fsync(2) of a file says nothing of them."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
