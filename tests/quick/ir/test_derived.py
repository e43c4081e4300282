"""What is found out about a host is found out once, and never about another one."""

from pathlib import Path

from flowc.api import check_files
from flowc.ir.network import Host, Offload


def host(folder: Path) -> Host:
    file = folder / "gw.flow"
    file.write_text("interface lan { device eth0 }\nzone inside { interface lan }\n", encoding="utf-8")
    return check_files([file]).network.hosts[0]


def names(of: Host) -> list[str]:
    return [*of.zones]


def test_the_same_object_is_handed_out_again(tmp_path: Path) -> None:
    of = host(tmp_path)
    assert of.derived(names) == ["inside"]
    assert of.derived(names) is of.derived(names)


def test_a_copy_of_a_host_is_looked_at_anew(tmp_path: Path) -> None:
    def offload(of: Host) -> Offload:
        return of.offload

    of = host(tmp_path)
    assert of.derived(offload) is Offload.SOFTWARE
    assert of.model_copy(update={"offload": Offload.OFF}).derived(offload) is Offload.OFF
    assert of.derived(offload) is Offload.SOFTWARE


def test_what_is_known_makes_no_difference_between_equal_hosts(tmp_path: Path) -> None:
    of = host(tmp_path)
    other = of.model_copy()
    of.derived(names)
    assert of == other
