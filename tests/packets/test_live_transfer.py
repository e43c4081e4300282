"""Twenty applies of small changes under a bulk transfer that all of them allow: the flowtable carries it, and it goes on."""

from __future__ import annotations

import json
import signal
import time
from typing import Any

from tests.packets.lab import Background, Lab
from tests.packets.observe import connections, wait_until
from tests.packets.tenant import EIP, EXAMPLE, running, wanted

from flowc.live import apply_state, compare_live

EDITS = (
    ("eip 2.2.2.11 <-> vm75", "eip 2.2.2.13 <-> vm76\neip 2.2.2.11 <-> vm75"),
    ("accept icmp limit 10/second\n    drop log", "drop log"),
    ("vm75:80  #", "vm75:80\n    dnat tcp 2.2.2.12:8443 -> vm75:443  #"),
    ("accept tcp 80 to vm75", "accept tcp {80, 443} to vm75"),
    ("# tenant-eip.flow", "route 10.77.0.0/16 via peer vrf acme\n# tenant-eip.flow"),
    ("udp 20000-29999", "udp 20000-28999"),
    ("accept tcp 22 from 172.168.152.0/24", "accept tcp 22"),
    ("pool public 2.2.2.0/24", "pool more 2.2.4.0/24 at internet\npool public 2.2.2.0/24"),
    ("vms    { device tap75; address 10.0.0.1/24;", "vms    { device tap75; address 10.0.0.1/24, 10.0.9.1/24;"),
    ("-> 2.2.2.12 ports 20000-29999", "-> 2.2.2.14"),
)
"""Each is made, one after the other, and then each is taken back."""
TEXT = EXAMPLE + "endpoint vm76 { address 10.0.0.76; interface vms; mac 52:54:00:00:00:76 }\n"
PORT = 12865
SECONDS = 30.0
"""That the transfer lasts, if the applies do not take longer."""
BUFFERS = 16 << 20
"""Bytes that are under way at most: net.ipv4.tcp_wmem and tcp_rmem."""


def test_a_bulk_transfer_goes_on_over_twenty_applies(lab: Lab) -> None:
    tenant = running(lab)
    files = [wanted(tenant, text) for text in texts()]
    assert len(files) == 20
    apply_state(files[-1].state, tenant.gw.name)
    server = tenant.vm.start("iperf3", "--server", "--one-off", "--json", "--port", str(PORT))
    assert wait_until(lambda: f":{PORT:04X} " in tenant.vm.run("cat", "/proc/net/tcp6"))
    rate = ("--time", "3600", "--bitrate", "50M")  # the guest's processor is for the applies, too
    client = tenant.peer.start("iperf3", "--client", EIP, "--port", str(PORT), *rate, "--json", "--cport", "41000")
    assert wait_until(lambda: any(one.offloaded for one in connections(tenant.gw, "tcp")))
    start = time.monotonic()
    for number, file in enumerate(files, 1):
        applied = apply_state(file.state, tenant.gw.name, host=file.host)
        assert applied.done.rounds, number
        assert applied.judged is None or not applied.judged.cuts, number
        assert client.process.poll() is None, (number, client.stop())
        time.sleep(max(0.0, start + number * SECONDS / len(files) - time.monotonic()))
    print(f"20 applies in {time.monotonic() - start:.0f} s")
    assert compare_live(files[-1].state, tenant.gw.name).compared.is_empty
    client.process.send_signal(signal.SIGINT)
    sent, received = told(client), told(server)
    assert sent["error"] == "interrupt - the client has terminated"
    assert len(sent["end"]["streams"]) == 1
    assert all(one["sum"]["bytes"] for one in sent["intervals"])
    arrived = received["end"]["sum_received"]["bytes"]
    print(f"{arrived >> 20} MiB, {sent['end']['sum_sent']['retransmits']} segments twice")
    assert 0 <= sent["end"]["sum_sent"]["bytes"] - arrived < min(BUFFERS, arrived)


def texts() -> list[str]:
    """The files, one after the other; the last is what there is before the first."""
    text, found = TEXT, []
    for old, new in (*EDITS, *((new, old) for old, new in EDITS)):
        assert old in text
        text = text.replace(old, new, 1)
        found.append(text)
    return found


def told(iperf: Background) -> Any:  # noqa: ANN401  # JSON
    """What it says when it ends, as a server does with its client."""
    return json.loads(iperf.process.communicate(timeout=60)[0])
