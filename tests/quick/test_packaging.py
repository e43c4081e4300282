"""What users install: the wheel holds all of flowc and nothing else, and works in an empty environment."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

REPO = Path(__file__).resolve().parents[2]
ROOTS = ("grammar", "compiler", "backends")
EXAMPLE = REPO / "examples" / "tenant-eip.flow"
VERSION = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["version"]
METADATA = re.compile(r"flowc-[0-9][^/]*\.dist-info")
DATA = re.compile(r"flowc-[0-9][^/]*\.data")
DATA_FILES = {
    "share/man/man1/flowc.1",
    "lib/systemd/system/flowc-apply@.service",
    "lib/systemd/system/flowc-verify@.service",
    "lib/systemd/system/flowc-verify@.timer",
}


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command that must succeed, away from the checkout's folders, and return what it printed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def package_files(tree: Path) -> set[str]:
    """Every file of the three roots by the name it must have in site-packages."""
    return {
        path.relative_to(tree / root).as_posix()
        for root in ROOTS
        for path in (tree / root).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean checkout: what git knows or would add, or all of it where the tests run from an sdist."""
    target = tmp_path_factory.mktemp("checkout")
    if (REPO / ".git").exists():
        listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=REPO).split("\0")
        for name in filter(None, listed):
            if (REPO / name).is_file():  # a file may be deleted and not committed yet
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(REPO / name, target / name)
    else:
        ignore = shutil.ignore_patterns(".*", "__pycache__", "dist", "build")
        shutil.copytree(REPO, target, ignore=ignore, dirs_exist_ok=True)
    return target


@pytest.fixture(scope="module")
def distributions(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist, and the wheel that was built from it."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", out, ".", cwd=checkout)
    (sdist,) = out.glob("*.tar.gz")
    (wheel,) = out.glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="module", params=["wheel", "checkout"])
def installed(
    request: pytest.FixtureRequest, checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """An empty environment into which flowc was installed, and nothing but flowc was asked for."""
    source = checkout if request.param == "checkout" else request.getfixturevalue("distributions")[1]
    environment = tmp_path_factory.mktemp(f"from-{request.param}")
    venv.create(environment, with_pip=True)
    run(environment / "bin" / "python", "-m", "pip", "install", "--quiet", source, cwd=environment)
    yield environment
    shutil.rmtree(environment)


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_three_roots(checkout: Path, distributions: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(distributions[1]) as wheel:
        names = {name for name in wheel.namelist() if not METADATA.match(name) and not DATA.match(name)}
    assert names == package_files(checkout)
    assert {"flowc/py.typed", "flowc/grammar/flow.lark"} <= names
    assert any(name.endswith(".j2") for name in names), "the script templates are missing"


@pytest.mark.slow
def test_the_wheel_brings_nothing_but_flowc(distributions: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(distributions[1]) as wheel:
        names = wheel.namelist()
    tops = {PurePosixPath(name).parts[0] for name in names}
    assert "flowc" in tops
    assert all(METADATA.fullmatch(top) or DATA.fullmatch(top) for top in tops - {"flowc"}), tops
    assert len(tops) == 3
    assert {name for name in names if DATA.match(name)} == {f"flowc-{VERSION}.data/data/{name}" for name in DATA_FILES}


@pytest.mark.slow
def test_the_sdist_can_run_its_own_tests(distributions: tuple[Path, Path]) -> None:
    with tarfile.open(distributions[0]) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"LICENSE", "Makefile", "pyproject.toml", "tests/quick/test_packaging.py"} <= names
    assert "examples/tenant-eip.flow" in names
    assert not any(name.startswith((".venv", ".git/")) for name in names)


@pytest.mark.slow
def test_site_packages_gains_nothing_but_flowc_and_its_metadata(installed: Path) -> None:
    (record,) = installed.glob("lib/python3*/site-packages/flowc-*.dist-info/RECORD")
    written = {line.split(",")[0] for line in record.read_text().splitlines()}
    packages = record.parents[1].relative_to(installed)
    beside = {os.path.normpath(packages / name) for name in written if name.startswith("../")}
    assert beside == {"bin/flowc", *DATA_FILES}
    tops = {name.partition("/")[0] for name in written if not name.startswith("../")}
    assert "flowc" in tops
    assert all(METADATA.fullmatch(top) for top in tops - {"flowc"}), tops
    assert not (record.parents[1] / "flowc" / "__init__.py").exists()


@pytest.mark.slow
def test_the_installed_command_explains_itself(installed: Path, tmp_path: Path) -> None:
    flowc = installed / "bin" / "flowc"
    assert "compile" in run(flowc, "--help", cwd=tmp_path)
    assert VERSION in run(flowc, "--version", cwd=tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["nft", "iproute2", "tc"])
def test_the_installed_command_compiles_an_example(installed: Path, tmp_path: Path, backend: str) -> None:
    shutil.copy(EXAMPLE, tmp_path)
    script = run(installed / "bin" / "flowc", "compile", EXAMPLE.name, "--backend", backend, cwd=tmp_path)
    assert script.strip()


@pytest.mark.slow
def test_type_checkers_see_the_installed_package(installed: Path, tmp_path: Path) -> None:
    user = tmp_path / "user.py"
    user.write_text("from flowc.source import Span\n\nspan: int = Span\n")
    python = installed / "bin" / "python"
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--python-executable", python, "--cache-dir", tmp_path, user],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Incompatible types in assignment" in done.stdout, done.stdout + done.stderr
    assert "import-untyped" not in done.stdout
    assert "import-not-found" not in done.stdout
