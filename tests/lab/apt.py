"""Download Debian packages without touching this machine's own apt.

Everything apt needs (sources, lists, an empty status file) lives in a folder of ours,
so the same Debian release is read on any Debian or Ubuntu, whatever is installed
there, and nothing is ever installed. Only how to reach the network is taken over.
"""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR = "http://deb.debian.org"  # plain HTTP: apt checks signatures, and caching proxies can help

# What a machine's administrator sets to make downloads work there. Hooks and pinning stay behind.
_NETWORK_SETTINGS = ("acquire::http", "acquire::https", "acquire::retries", "acquire::check-", "acquire::force")


class FetchError(Exception):
    """A package could not be downloaded or unpacked; the message holds the tool's own words."""


def run(*command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Run a command and return its standard output; raise FetchError when it fails."""
    try:
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise FetchError(
            f"{command[0]} is not installed; sh tests/lab/install.sh installs what the lab needs"
        ) from error
    if done.returncode:
        words = " ".join(map(str, command))
        raise FetchError(f"{words} failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    return done.stdout


class PrivateApt:
    """An apt of its own for one Debian release, in one folder."""

    def __init__(self, folder: Path, suite: str) -> None:
        if not KEYRING.exists():
            raise FetchError(f"{KEYRING} is missing; sh tests/lab/install.sh installs debian-archive-keyring")
        etc = folder / "etc"
        for needed in (
            etc / "apt.conf.d",
            etc / "preferences.d",
            folder / "state/lists/partial",
            folder / "cache/archives/partial",
        ):
            needed.mkdir(parents=True)
        (folder / "state/status").touch()
        (etc / "sources.list").write_text(_sources(suite))
        config = folder / "apt.conf"
        config.write_text(_config(folder) + _network_settings())
        self._archives = folder / "cache/archives"
        self._env = os.environ | {"APT_CONFIG": str(config), "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
        self._apt("update")

    def dependency(self, package: str, prefix: str) -> str:
        """The package that a meta package depends on now, e.g. linux-image-amd64 on one with a version in its name."""
        for line in run("apt-cache", "depends", package, env=self._env).splitlines():
            _, found, name = line.strip().partition("Depends: ")
            if found and name.startswith(prefix):
                return name
        raise FetchError(f"{package} depends on no {prefix}*")

    def download(self, *packages: str) -> list[Path]:
        """Download these packages alone."""
        self._apt("download", *packages)
        return [_only(self._archives.glob(f"{package}_*.deb"), package) for package in packages]

    def download_with_dependencies(self, *packages: str) -> list[Path]:
        """Download these packages and everything they depend on."""
        before = set(self._archives.glob("*.deb"))
        self._apt("install", "--yes", "--no-install-recommends", "--download-only", *packages)
        return sorted(set(self._archives.glob("*.deb")) - before)

    def _apt(self, *arguments: str) -> None:
        run("apt-get", "--quiet", *arguments, cwd=self._archives, env=self._env)


def unpack(package: Path, folder: Path) -> None:
    """Unpack a package's files into a folder, without installing it."""
    run("dpkg-deb", "--extract", package, folder)


def _only(found: Iterable[Path], package: str) -> Path:
    paths = list(found)
    if len(paths) != 1:
        raise FetchError(f"expected one file of {package}, found {paths}")
    return paths[0]


def _sources(suite: str) -> str:
    places = [("debian", suite), ("debian", f"{suite}-updates"), ("debian-security", f"{suite}-security")]
    return "".join(f"deb [signed-by={KEYRING}] {MIRROR}/{folder} {name} main\n" for folder, name in places)


def _config(folder: Path) -> str:
    settings = {
        "Dir::Etc": folder / "etc",
        "Dir::State": folder / "state",
        "Dir::State::status": folder / "state/status",
        "Dir::Cache": folder / "cache",
        "APT::Architecture": "amd64",
        "APT::Architectures": "amd64",
        "APT::Sandbox::User": "root",  # the folder need not be readable for the user _apt
        "APT::Update::Error-Mode": "any",  # a mirror that is not reached is an error
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    return "".join(f'{name} "{value}";\n' for name, value in settings.items())


def _network_settings() -> str:
    """The lines of this machine's apt configuration that say how to reach a mirror."""
    lines = run("apt-config", "dump", "--no-empty").splitlines()
    return "".join(f"{line}\n" for line in lines if line.lower().startswith(_NETWORK_SETTINGS))
