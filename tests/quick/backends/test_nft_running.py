"""nft in a namespace made for the moment, by a process with as few capabilities as a unit of systemd leaves it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from flowc.backends.nft.live.running import NftError, NoNftError, listed, listed_anew

TEXT = "table inet flowc { chain forward { type filter hook forward priority 0; ct mark set 7; }; }"
PROGRAM = f"""
import sys
sys.path[:0] = {sys.path!r}
from flowc.backends.nft.live.running import listed_anew
print(listed_anew({TEXT!r}, "flowc"))
"""


def test_a_table_is_listed_that_nobody_loads() -> None:
    if shutil.which("nft") is None:
        pytest.skip("nft is not installed")
    try:
        found = listed_anew(TEXT, "flowc")
    except NftError as error:
        if "cannot make a network namespace" not in str(error):
            raise
        pytest.skip(str(error))
    assert "type filter hook forward priority 0; policy accept;" in found


def test_that_nft_is_not_there_is_said_by_whatever_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("flowc.backends.nft.live.running.PATH", "")
    with pytest.raises(NoNftError, match="nft is not installed"):
        listed("flowc")
    with pytest.raises(NoNftError, match="nft is not installed"):
        listed_anew(TEXT, "flowc")


def test_root_without_the_capability_to_map_itself_can_do_it() -> None:
    """The bounding set of flowc-apply@.service: user_namespaces(7) lets it make the namespace, and not map user 0."""
    if os.geteuid() or None in (shutil.which("nft"), shutil.which("setpriv")):
        pytest.skip("needs root, nft and setpriv")
    few = ["setpriv", "--bounding-set", "-all,+net_admin,+net_raw", "--inh-caps", "-all"]
    if subprocess.run([*few, "unshare", "-Un", "true"], capture_output=True, check=False).returncode:
        pytest.skip("user namespaces are not allowed")
    done = subprocess.run([*few, sys.executable, "-S", "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert "chain forward {" in done.stdout, done.stderr
