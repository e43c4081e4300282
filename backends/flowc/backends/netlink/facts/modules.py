"""Which kernel modules the host can use."""

from __future__ import annotations

from pathlib import Path

from flowc.backends.netlink.facts.gaps import Gaps, Roots
from flowc.facts import ModuleState
from flowc.facts.modules import MODULES


def modules(release: str, roots: Roots, gaps: Gaps) -> dict[str, ModuleState]:
    """The state of each that is known: one that is neither seen nor surely absent is left out.

    /proc/modules has what is loaded, /sys/module also a part of what is built in, and the rest depmod has written down
    for the kernel (modules.dep(5), modules.builtin).
    """
    folder = roots.modules / release
    loaded = {line.split()[0] for line in _lines(roots.proc / "modules") if line.split()}
    builtin, installed = listed(folder / "modules.builtin"), listed(folder / "modules.dep")
    known = bool(builtin or installed)
    if not known:
        gaps.add("modules", f"what is not loaded is not known: there is no {folder}/modules.dep")
    found: dict[str, ModuleState] = {}
    for name in MODULES:
        if name in loaded:
            found[name] = ModuleState.LOADED
        elif name in builtin or (roots.sys / "module" / name).exists():
            found[name] = ModuleState.BUILTIN
        elif name in installed:
            found[name] = ModuleState.AVAILABLE
        elif known:
            found[name] = ModuleState.ABSENT
    return found


def listed(file: Path) -> set[str]:
    """The modules of a list of their files, `kernel/net/netfilter/nft_ct.ko.xz: ...`, named as the kernel does."""
    paths = (line.partition(":")[0] for line in _lines(file))
    return {path.rpartition("/")[2].partition(".ko")[0].replace("-", "_") for path in paths if ".ko" in path}


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
