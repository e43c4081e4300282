"""Who may not change a host, or not so much at once, is told what is missing. By the kernel of this machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from tests.packets.commands import flowc
from tests.packets.unprivileged import FEW, NEW_NET, NEW_USER, User, user, with_eips

OWN = "this needs CAP_NET_ADMIN over this network namespace, and this process has it in its own user namespace only: "


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> Iterator[User]:
    with user(monkeypatch) as one:
        yield one


def skip_without(new: int, one: User) -> None:
    """Some kernels and some administrators do not let users make namespaces."""
    if shutil.which("nft") is None or shutil.which("ip") is None:
        pytest.skip("needs nft and ip")
    try:
        one.run(new)
    except AssertionError as error:
        pytest.skip(f"user namespaces are not allowed: {str(error)[-200:]}")


@pytest.mark.parametrize(
    ("new", "lacks"), [(0, "this needs CAP_NET_ADMIN, which this process does not have: "), (NEW_USER, OWN)]
)
def test_who_may_not_is_told_what_is_missing(nobody: User, new: int, lacks: str) -> None:
    skip_without(new, nobody)
    file = nobody.compiled(FEW)
    for words in (("apply",), ("apply", "--dry-run"), ("diff", "--live"), ("verify",), ("down",)):
        ((status, text),) = nobody.run(new, flowc(*words, file, "--host", "gw"))
        assert status == 2
        assert text.startswith(f"flowc: {lacks}"), text
        assert text.count("\n") == 1


def test_what_is_too_large_for_one_message_says_what_to_set(nobody: User) -> None:
    """The first user namespace alone may have any buffer; in others it is that of the machine, 208 KiB if nobody set it."""
    skip_without(NEW_USER | NEW_NET, nobody)
    file = nobody.compiled(with_eips(4000))
    ((status, text),) = nobody.run(NEW_USER | NEW_NET, flowc("apply", file, "--host", "gw"))
    if not status:
        pytest.skip("this machine's net.core.wmem_default is larger")
    assert status == 1
    assert text.startswith("error: the nft table was not changed: the change is too large for one message"), text
    assert "net.core.wmem_max; set both to 2097152 there, or apply the file as root\n" in text
    assert text.endswith("flowc: all that was done before was undone: the host is as it was\n")
