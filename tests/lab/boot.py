"""Boot the guest: qemu, its shares, its console, and the certainty that it ends.

Software emulation is the default everywhere, because it needs no privilege and is the
same on every machine; FLOWC_LAB_ACCEL=kvm makes use of a KVM that works.
"""

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.lab import initramfs
from tests.lab.apt import FetchError
from tests.lab.kernel import LabKernel

INIT = Path(__file__).with_name("guest-init.sh")
GUEST_WORK = "/run/lab"  # the work folder, in the guest
QEMU = "qemu-system-x86_64"
SHARE = "local,security_model=none,multidevs=remap"  # remap: / may hold several file systems
TAIL_LINES = 80  # a kernel's last words are long


class Guest:
    """One run of one command in a guest; the guest powers off when the command ends.

    The command runs in `folder`, with `environment` and with `programs` ahead on the PATH; after `timeout`
    seconds qemu is ended, whatever happens. `work`, with the files in `prepare`, is shared read-write (GUEST_WORK inside). The boot leaves there: `console.txt`,
    `state` (when init has started), `output.txt` (of the command), `status` (its exit code) and `kernel.log`.
    """

    def __init__(
        self,
        kernel: LabKernel,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        timeout: float,
        programs: Sequence[Path] = (),
        prepare: Mapping[str, str] | None = None,
    ) -> None:
        if shutil.which(QEMU) is None or shutil.which("timeout") is None:
            raise FetchError(f"{QEMU} is not installed; sh tests/lab/install.sh installs what the lab needs")
        self.work = Path(tempfile.mkdtemp(prefix="flowc-lab-"))
        (self.work / "initramfs").write_bytes(initramfs.build(kernel.modules, kernel.busybox))
        shutil.copy(INIT, self.work / "guest-init.sh")
        for name, text in (prepare or {}).items():
            (self.work / name).write_text(text)
        path = [kernel.tools, *programs] if kernel.tools else programs
        (self.work / "settings.sh").write_text(_settings(kernel.modules, path))
        (self.work / "command.sh").write_text(_script(command, folder, environment))
        # `timeout` ends qemu even if this process is killed and cannot.
        limit = ["timeout", "--kill-after=5", str(round(timeout))]
        with (self.work / "qemu.txt").open("wb") as messages:
            self._process = subprocess.Popen(
                [*limit, *self._qemu(kernel)], stdin=subprocess.DEVNULL, stdout=messages, stderr=messages,
                start_new_session=True,
            )  # fmt: skip

    @property
    def running(self) -> bool:
        """False once qemu has ended."""
        return self._process.poll() is None

    @property
    def started(self) -> bool:
        """True once the guest's init runs and the work folder is shared."""
        return (self.work / "state").exists()

    @property
    def status(self) -> int | None:
        """The command's exit code; None if it did not come to its end."""
        with suppress(FileNotFoundError, ValueError):
            return int((self.work / "status").read_text())
        return None

    def wait(self) -> None:
        """Wait until the guest has powered off (or its time is over)."""
        self._process.wait()

    def stop(self) -> None:
        """End qemu now."""
        if self.running:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def account(self) -> str:
        """What there is to know about a guest that failed: how it ended, and the last lines it wrote."""
        if self.running:
            end = "is still running"
        elif self._process.returncode in {124, 137}:
            end = "was ended because its time was over"
        else:
            end = f"has ended, qemu's exit code was {self._process.returncode}"
        parts = [f"The guest {end}; its files are in {self.work}"]
        for name in ("qemu.txt", "console.txt", "output.txt"):
            text = _tail(self.work / name)
            parts.append(f"--- end of {name} ---\n{text}" if text else f"--- {name} is empty ---")
        return "\n".join(parts)

    def _qemu(self, kernel: LabKernel) -> list[str]:
        accelerator = os.environ.get("FLOWC_LAB_ACCEL", "tcg")
        return [
            QEMU, "-machine", "q35", "-accel", accelerator, "-cpu", "max", "-smp", "1", "-m", "2G",
            "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-net", "none",
            "-serial", f"file:{_escape(self.work / 'console.txt')}",
            "-fsdev", f"{SHARE},id=root,path=/,readonly=on",
            "-device", "virtio-9p-pci,fsdev=root,mount_tag=root",
            "-fsdev", f"{SHARE},id=work,path={_escape(self.work)}",
            "-device", "virtio-9p-pci,fsdev=work,mount_tag=work",
            "-kernel", str(kernel.image), "-initrd", str(self.work / "initramfs"),
            # panic=-1: reboot at once, which -no-reboot turns into the end of qemu.
            "-append", "console=ttyS0 quiet panic=-1 mitigations=off no_timer_check",
        ]  # fmt: skip


def _settings(modules: Path, path: Sequence[Path]) -> str:
    folders = "".join(f"{shlex.quote(str(folder))}:" for folder in path)
    return f"LAB_MODULES={shlex.quote(str(modules))}\nPATH={folders}$PATH\n"


def _script(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> str:
    lines = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    lines += [f"cd {shlex.quote(str(folder))} || exit 125", f"exec {shlex.join(command)}"]
    return "\n".join(lines) + "\n"


def _escape(path: Path) -> str:
    """A path within a qemu option, where a comma ends a value."""
    return str(path).replace(",", ",,")


def _tail(path: Path) -> str:
    try:
        lines = path.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return "\n".join(lines[-TAIL_LINES:])
