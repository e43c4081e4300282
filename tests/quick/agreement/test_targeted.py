"""The packets that are sent are worth it, the same every time, and use up nothing."""

from collections import Counter
from pathlib import Path

import pytest
from tests.agreement import faults
from tests.agreement.cases import Case
from tests.agreement.kinds import NAT_KINDS, Carrier, carrier, distribution, is_by_tc
from tests.agreement.packets import chosen
from tests.agreement.targeted import targeted
from tests.datapaths import nat_gateway
from tests.quick.trace.asking import host_of

from flowc.api import check_files
from flowc.ir.network import Host

FILES = sorted(Path(faults.__file__).with_name("files").glob("*.flow"))


def host(file: Path) -> Host:
    (found,) = check_files([file]).network.hosts
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_they_are_the_same_every_time_and_none_is_like_another(file: Path) -> None:
    first, again = (targeted(host(file), 7, 40) for _ in range(2))
    sent = [(one.entry, one.packet) for one in first]
    assert sent == [(one.entry, one.packet) for one in again]
    assert len(set(sent)) == len(sent) == 40
    ports = Counter(
        (one.packet.family, one.packet.protocol, one.packet.source_port) for one in first if one.packet.has_ports
    )
    assert max(ports.values()) == 1


def test_every_kind_of_translation_is_met() -> None:
    cases = [Case(file.stem, "", (one := host(file)), file, targeted(one, 1, 90)) for file in FILES]
    counts = distribution(cases)
    assert [kind for kind in NAT_KINDS if not counts["translation"][kind]] == []
    assert all(counts["verdict"].values())


def test_packets_that_are_wanted_come_first(tmp_path: Path) -> None:
    one = host_of(nat_gateway(), tmp_path)
    first, others = (chosen(one, 7, 8, wanted) for wanted in (is_by_tc, lambda trace: not trace.offload))
    by_tc = [is_by_tc(asked.answers[0]) for asked in first]
    assert by_tc[0]
    assert by_tc == sorted(by_tc, reverse=True)
    assert {carrier(asked.answers[0]) for asked in others} <= {Carrier.NOBODY, Carrier.TC_ONE_WAY}


def test_a_limit_is_not_used_up(tmp_path: Path) -> None:
    text = """
        interface a { device eth0; address 10.1.0.1/24 }
        interface b { device eth1; address 10.2.0.1/24 }
        zone left { interface a }
        zone right { interface b }
        policy left -> right { accept limit 1/day burst 2; drop }
        """
    asked = targeted(host_of(text, tmp_path), 3, 60)
    met = [one for one in asked if one.answers[0].rule is not None and one.answers[0].rule.limit is not None]
    assert len(met) == 2
