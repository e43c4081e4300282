"""nft as a program: in the network namespace of the calling thread, and in one made for the moment."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
from collections.abc import Callable

NFT = "nft"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LIST = ("-n", "-s", "-t", "-a", "list", "ruleset", "inet")
"""Numbers for words, without counts and without the elements of named sets, with handles: one text for one meaning.

All tables of the family: with `list table` nft 1.0.6 reads all elements only to leave them out.
"""

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000  # linux/sched.h, CLONE_*
_NET_ADMIN, _CAPABILITIES = 12, 0x20080522  # linux/capability.h, CAP_NET_ADMIN and _LINUX_CAPABILITY_VERSION_3
_AMBIENT, _RAISE = 47, 2  # linux/prctl.h, PR_CAP_AMBIENT and PR_CAP_AMBIENT_RAISE
_NO_NAMESPACE, _NOT_LOADED = 97, 98
_LISTED_ANEW = f"{NFT} -f - || exit {_NOT_LOADED}; exec {NFT} {' '.join(LIST)}"


class NftError(Exception):
    """nft failed, or cannot be run. The message is for a person."""


class NoNftError(NftError):
    """It is not installed."""

    def __init__(self) -> None:
        super().__init__("nft is not installed (Debian: apt install nftables)")


class ScratchRefusedError(NftError):
    """nft did not take a table in an empty namespace: `said` are its words."""

    def __init__(self, said: str) -> None:
        self.said = said
        super().__init__(said)


def listed(table: str) -> str | None:
    """The table as nft lists it; None if there is none of this name. Raises NftError."""
    done = run([NFT, *LIST])
    if done.returncode:
        raise NftError(f"nft cannot list what is loaded: {first_line(done.stderr)}")
    return _table(done.stdout, table)


def listed_anew(text: str, table: str) -> str:
    """What `listed` would say if that were loaded. Nothing is: it is, in a namespace that is gone afterwards.

    Raises NftError.
    """
    done = run(["/bin/sh", "-c", _LISTED_ANEW], text, _enter_new_namespace)
    if done.returncode == _NO_NAMESPACE:
        raise NftError(
            f"cannot make a network namespace to bring the rules into nft's own form: {done.stderr.strip()}. This needs "
            "CAP_SYS_ADMIN, or a kernel that allows user namespaces (sysctl kernel.unprivileged_userns_clone, "
            "user.max_user_namespaces)"
        )
    if done.returncode == _NOT_LOADED:
        raise ScratchRefusedError(done.stderr)
    found = None if done.returncode else _table(done.stdout, table)
    if found is None:
        raise NftError(f"nft cannot list a table that it has loaded: {first_line(done.stderr)}")
    return found


def _table(text: str, name: str) -> str | None:
    """What is listed of one table; nothing that ends a table stands at the start of a line within one."""
    found = re.search(rf"^table inet {re.escape(name)} \{{.*?^\}}$", text, re.MULTILINE | re.DOTALL)
    return None if found is None else found[0]


def run(
    command: list[str], text: str = "", before: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """A command with its words in English. Raises NoNftError."""
    path = f"{os.environ.get('PATH', '')}:{PATH}"
    if shutil.which(NFT, path=path) is None:
        raise NoNftError
    return subprocess.run(
        command,
        input=text,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        env={**os.environ, "LC_ALL": "C", "PATH": path},
        check=False,
        preexec_fn=before,  # it only makes system calls
    )


def first_line(text: str) -> str:
    """Of what a tool says, the words alone."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[0].removeprefix("Error: ") if lines else "it does not say why"


def _enter_new_namespace() -> None:
    """In the child, before it is nft. Without CAP_SYS_ADMIN a user namespace gives it, in which CAP_NET_ADMIN is kept.

    No user is mapped: that of root must not be by a process without CAP_SETFCAP (user_namespaces(7)), as in a unit with
    few capabilities. A program that nobody is mapped for keeps ambient capabilities only (capabilities(7)).
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if not libc.unshare(_NEW_NET):
        return
    bits = 1 << _NET_ADMIN
    header, sets = (ctypes.c_uint32 * 2)(_CAPABILITIES, 0), (ctypes.c_uint32 * 6)(bits, bits, bits)
    if (
        libc.unshare(_NEW_USER | _NEW_NET)
        or libc.capset(header, sets)
        or libc.prctl(_AMBIENT, _RAISE, ctypes.c_ulong(_NET_ADMIN), ctypes.c_ulong(0), ctypes.c_ulong(0))
    ):
        os.write(2, os.strerror(ctypes.get_errno()).encode())
        os._exit(_NO_NAMESPACE)
