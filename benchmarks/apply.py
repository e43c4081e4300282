"""What it costs to change ten EIPs among many on a running host: `.venv/bin/python benchmarks/apply.py [--eips N]`.

The host is a network namespace of its own, with N machines, each with a MAC and an EIP, from CSV tables. In one run and
in turns it gets the new ruleset by `nft -f` of all that `flowc compile` writes, as one reloads today; by `flowc apply`; and
by nothing but the transaction that apply makes. Beside that `flowc apply` of what is there already, and `flowc diff --live`.

Ratios to the reload of the same turn are what counts: of the CPU time of a command and all that it starts, and of the
time on the clock. Without VRFs, tunnels and offload, which not every kernel has. It takes root, or user namespaces and a
net.core.wmem_max that a reload fits in. No test asserts any of this.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from io import StringIO
from ipaddress import IPv4Address
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from unittest.mock import patch

import flowc.api
from flowc.api import compile_files
from flowc.backends.live.engine import Engine
from flowc.backends.nft import live as nft
from flowc.cli import main as flowc_main
from flowc.delta import difference

CHANGED = 10
MACHINES, PUBLIC = IPv4Address("10.0.1.0"), IPv4Address("100.64.1.0")
GATEWAY = """
host gw {{ offload off }}
interface uplink {{ device eth0; address 192.0.2.2/24 }}
interface vms {{ device tap0; address 10.0.0.1/8 }}
route default via 192.0.2.1
zone internet {{ interface uplink }}
zone tenant {{ interface vms }}
pool public 100.64.0.0/10 at internet
policy internet -> tenant {{ accept tcp {{80, 443}} via eip; accept icmp limit 10/second }}
policy tenant -> internet {{ accept }}
policy internet -> self {{ accept tcp 22 }}
endpoints from "endpoints.csv"
eips from "{name}.csv"
"""
ELEMENTS = {12, 14}
"""linux/netfilter/nf_tables.h, NFT_MSG_NEWSETELEM and NFT_MSG_DELSETELEM."""
FLOWC = (sys.executable, "-m", "flowc.cli")


class Cost(NamedTuple):
    """What something took, in seconds."""

    cpu: float
    """Of a process and all that it starts."""
    clock: float


def main() -> None:
    """Measure in a namespace of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eips", type=int, default=100_000, help="EIPs, each with an endpoint (100000)")
    parser.add_argument("--turns", type=int, default=3, help="how often each is measured; the median counts (3)")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.inside:
        unshare = ("unshare", "-n") if os.geteuid() == 0 else ("unshare", "-rn")
        sys.exit(subprocess.call((*unshare, sys.executable, *sys.argv, "--inside")))
    with tempfile.TemporaryDirectory() as name:
        os.environ["FLOWC_RUN_DIR"] = f"{name}/run"
        measure(Path(name), arguments.eips, arguments.turns)


def measure(folder: Path, eips: int, turns: int) -> None:
    """All of it, and print the ratios."""
    for device in ("eth0", "tap0"):
        run("ip", "link", "add", device, "type", "veth", "peer", "name", f"far-{device}")
        run("ip", "link", "set", f"far-{device}", "up")
    old, new = write(folder, eips, "old", 0), write(folder, eips, "new", CHANGED)
    run(*FLOWC, "compile", new, "-o", folder)
    run(*FLOWC, "apply", old)
    ruleset, change = folder / "gw" / "ruleset.nft", folder / "change.nft"
    change.write_text(only_the_change(new), encoding="utf-8")
    reloads: list[Cost] = []
    turned: list[dict[str, Cost]] = []
    for _ in range(turns):
        reloads.append(run("nft", "-f", ruleset))
        run(*FLOWC, "apply", old)
        alone = run("nft", "-f", change)
        run(*FLOWC, "apply", old)
        turned.append(
            {
                "flowc apply": run(*FLOWC, "apply", new),
                "what of that is `nft -f` of the change": alone,
                "flowc apply, nothing to do": run(*FLOWC, "apply", new),
                "flowc diff --live, nothing differs": run(*FLOWC, "diff", "--live", new),
            }
        )
        run(*FLOWC, "apply", old)
    print(f"{f'{CHANGED} changes among {eips} EIPs, to `nft -f` of the whole ruleset':<70} {'CPU':>8} {'clock':>8}")
    for name in turned[0]:
        pairs = [(turn[name], reload) for turn, reload in zip(turned, reloads, strict=True)]
        line(name, median(one.cpu / other.cpu for one, other in pairs), median(o.clock / r.clock for o, r in pairs))
    line("bytes of the messages about elements", written(change) / written(ruleset))
    reload = median(one.cpu for one in reloads)
    print("\nflowc apply in one process, stage by stage")
    for name, seconds in stages(new).items():
        line(name, seconds / reload)
    print(f"\n`nft -f` of the whole ruleset: {reload:.2f} s of CPU, {median(one.clock for one in reloads):.2f} s")


def line(name: str, *ratios: float) -> None:
    """One of a table."""
    print(f"  {name:<68}" + "".join(f" {ratio:8.4f}" for ratio in ratios))


def write(folder: Path, eips: int, name: str, changed: int) -> Path:
    """The file. So many of its EIPs have another address than they would have, spread over all."""
    step = max(eips // CHANGED, 1)
    others = {n * step + step // 2 for n in range(changed)}
    (folder / "endpoints.csv").write_text(
        "name,address,interface,mac\n"
        + "".join(
            f"vm{n},{MACHINES + n},vms,52:54:00:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}\n" for n in range(eips)
        ),
        encoding="utf-8",
    )
    rows = (f"{PUBLIC + (n + eips if n in others else n)},vm{n}\n" for n in range(eips))
    (folder / f"{name}.csv").write_text("address,target\n" + "".join(rows), encoding="utf-8")
    path = folder / f"{name}.flow"
    path.write_text(GATEWAY.format(name=name), encoding="utf-8")
    return path


def only_the_change(path: Path) -> str:
    """What apply writes to nft to make the host what the file says."""
    (state,) = compile_files([path]).states.values()
    before, after = nft.Reader().read(), nft.canonical(state)
    return nft.transaction(difference(state, state, before, after), before, after, str)


def run(*command: str | Path) -> Cost:
    """Ends the benchmark if it fails."""
    begin = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        clock = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.exit(f"{' '.join(map(str, command))}: {output.read().decode(errors='replace')}")
    return Cost(usage.ru_utime + usage.ru_stime, clock)


def written(script: Path) -> int:
    """Bytes of the messages about elements that nft sends for a script; nothing is loaded."""
    nft_ = subprocess.Popen(["nft", "-c", "--debug=mnl", "-f", script], stdout=subprocess.PIPE)
    lines = subprocess.run(
        ["grep", "-A1", "message length"], stdin=nft_.stdout, capture_output=True, text=True, check=True
    )
    if nft_.wait():
        sys.exit(f"nft does not take {script}")
    fields = [one.split("|")[1].strip() for one in lines.stdout.splitlines() if one != "--"]
    return sum(
        int(length) for length, kind in zip(fields[::2], fields[1::2], strict=True) if int(kind) & 0xFF in ELEMENTS
    )


def stages(new: Path) -> dict[str, float]:
    """CPU seconds of the stages of applying a file."""
    spent: dict[str, float] = {"to load the modules": run(sys.executable, "-c", "import flowc.live").cpu}
    with ExitStack() as stack:
        for name, owner, attribute in (
            ("to read, check and lower the file", flowc.api, "compile_files"),
            ("to bring the rules into nft's form", nft, "canonical"),
            ("to read the host", Engine, "read"),
            ("to compare, before and after", Engine, "compare"),
            ("to write", nft.Reader, "load"),
            ("to read again", Engine, "_again"),
        ):
            stack.enter_context(timed(spent, name, owner, attribute))
        begin = cpu()
        stack.enter_context(redirect_stdout(StringIO()))
        flowc_main(["apply", str(new)])
        whole = cpu() - begin
    spent["all else"] = whole - sum(list(spent.values())[1:])
    return spent


@contextmanager
def timed(spent: dict[str, float], name: str, owner: Any, attribute: str) -> Iterator[None]:  # noqa: ANN401  # a module or class
    """Add up what calls of a function take."""
    call: Callable[..., object] = getattr(owner, attribute)
    spent[name] = 0.0

    def measured(*arguments: object) -> object:
        begin = cpu()
        try:
            return call(*arguments)
        finally:
            spent[name] += cpu() - begin

    with patch.object(owner, attribute, measured):
        yield


def cpu() -> float:
    """CPU seconds of this process, and of those that it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main()
