"""What flowc makes of broken files that it accepts: the kernel loads all of it.

Emulation makes processes expensive, and apply.sh is some forty of them: every sixth mutant is loaded by it, as a user
would, the others by the same tools from the same files in the same order.
"""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.mutations import Mutant, accepted
from tests.packets.lab import Lab, Namespace

from flowc.api import compile_files, write_directory
from flowc.backends import LOADER
from flowc.backends.files import host_folder
from flowc.backends.iproute2 import AFTER_RULESET, IPV6_PREFIX
from flowc.hoststate import HostState

EACH_TOOL = r"""
sed '/^# AFTER$/,$d' ip.batch | ip -batch - &&
nft -f ruleset.nft &&
tc -batch tc.batch &&
sed '/^net.bridge/d' sysctl.conf | sysctl -q -p - && # there only with br_netfilter: apply.sh looks
sed -n 's/^PREFIX//p' ip.batch | ip -6 -batch - &&
sed '1,/^# AFTER$/d' ip.batch | ip -batch -
""".replace("AFTER", AFTER_RULESET).replace("PREFIX", IPV6_PREFIX)

PARTS = 4  # tests, so that none of them takes long


class Job(NamedTuple):
    mutant: Mutant
    folder: Path
    state: HostState

    @property
    def needed(self) -> list[str]:
        """The devices that have to be there before."""
        return sorted({link.device for link in self.state.links if not link.created})


def compiled(mutant: Mutant, folder: Path) -> list[Job]:
    """What `flowc compile -o` writes for a mutant, for each of its hosts."""
    folder.mkdir()
    file = folder / "mutant.flow"
    file.write_text(mutant.text, encoding="utf-8")
    result = compile_files([file])
    write_directory(result.states, folder)
    return [Job(mutant, folder / host_folder(host), state) for host, state in result.states.items()]


def load(job: Job, namespace: Namespace, command: tuple[str, ...]) -> str:
    """What the tools say if one of them fails."""
    with namespace.entered():
        done = subprocess.run(command, cwd=job.folder, capture_output=True, text=True, timeout=60, check=False)
    if not done.returncode and (command != BY_TOOLS or not done.stderr):
        return ""
    return f"{job.mutant.number:03} {job.mutant.mistake}, {job.mutant.origin}: {done.returncode}\n{done.stderr}"


BY_APPLY = (f"./{LOADER.file}",)
BY_TOOLS = ("sh", "-c", EACH_TOOL)


@pytest.mark.parametrize("part", range(PARTS))
def test_the_kernel_loads_every_mutant_that_flowc_accepts(lab: Lab, tmp_path: Path, part: int) -> None:
    mutants = accepted()[part::PARTS]
    jobs = [job for mutant in mutants for job in compiled(mutant, tmp_path / f"{mutant.number:03}")]
    far, *hosts = lab.namespaces("far", *(f"gw{number}" for number, _ in enumerate(jobs)))
    devices = [(host, device) for host, job in zip(hosts, jobs, strict=True) for device in job.needed]
    far.ip(
        *(
            f"link add name far{number} type veth peer name {device} netns {host.name}"
            for number, (host, device) in enumerate(devices)
        )
    )
    commands = cycle([BY_APPLY, *[BY_TOOLS] * 5])
    with ThreadPoolExecutor(max_workers=2) as pool:  # the guest has two processors
        failed = [text for text in pool.map(load, jobs, hosts, commands) if text]
    assert not failed, "\n".join(failed)
