"""Files that are replaced as a whole: who reads one meanwhile sees the old content or the new one, never a part."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

NAME_LIMIT = 60
"""Characters of a file's name in that of the temporary one beside it."""


def rewrite(path: str | Path, content: bytes) -> None:
    """Replace what a file holds at once. Its mode and, where that is allowed, its owner stay; so does a link to it.

    Raises OSError, also for what is no regular file.
    """
    target = Path(path).resolve(strict=True)
    status = target.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    replace_file(target, content, stat.S_IMODE(status.st_mode), (status.st_uid, status.st_gid))


def replace_file(path: Path, content: bytes, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Put a whole new file in place of one, at once. Raises OSError.

    `owner` is the user and group that it is to belong to, if this process may give it to them.
    """
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:NAME_LIMIT]}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if owner is not None:
                with suppress(PermissionError):
                    os.fchown(file.fileno(), *owner)
            os.fchmod(file.fileno(), mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
