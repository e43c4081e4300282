"""The kernel cannot load a module that the file needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowc.analysis.stateless import Stateless
from flowc.checks.base import FactsCheck
from flowc.checks.live.common import made, somewhere
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index, modules
from flowc.ir.datapath import Datapaths, FlowtableDevices
from flowc.ir.helpers import NAT_MODULES
from flowc.ir.links import Tunnel
from flowc.ir.network import Host
from flowc.ir.policy import SELF, Action
from flowc.source import Span

CODE = register(
    "FC815",
    "module-missing",
    Severity.ERROR,
    "What a declaration becomes needs a kernel module, and the host has it neither loaded, nor built in, nor installed for "
    "the kernel that it runs, or it does not load modules any more (kernel.modules_disabled). The kernel refuses it: the "
    "ruleset as a whole, or the device. Minimal and cloud kernels often come without flowtables, VRFs or GRE; some "
    "distributions keep them in a package of their own (`linux-modules-extra`).",
)


class Need(NamedTuple):
    modules: tuple[str, ...]
    what: str
    span: Span


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report the first declaration that needs a module, for each that is absent."""
    if not index.facts.modules:
        return
    kernel = f" of kernel {index.facts.kernel.release}" if index.facts.kernel else ""
    reported: set[str] = set()
    for need in needs(host):
        absent = [name for name in need.modules if index.absent(name) and name not in reported]
        if not absent:
            continue
        reported.update(absent)
        named = ", ".join(f"`{name}`" for name in absent)
        plural = "s" * (len(absent) > 1)
        diagnostics.report(
            CODE,
            f"{need.what} needs the module{plural} {named}, which the host does not have",
            need.span,
            help=f"install the modules{kernel}, or run a kernel that has them",
        )


def needs(host: Host) -> Iterator[Need]:
    """What is declared and the modules it needs."""
    place = somewhere(host)
    if place is not None:
        yield Need(modules.RULESET, "the ruleset", place)
    for one in made(host):
        what = f"`{one.interface.name if one.interface else one.device}` ({one.kind})"
        yield Need((modules.LINKS[one.kind],), what, one.span)
        if one.interface and isinstance(one.interface.link, Tunnel) and one.interface.link.shared:
            yield Need(modules.SHARED_TUNNEL, "a shared tunnel", one.span)
    translated = _translation(host)
    if translated is not None:
        yield Need(modules.TRANSLATION, "translation", translated)
    for nat in host.nats:
        for masquerade in nat.masquerades[:1]:
            yield Need(modules.MASQUERADE, "`masquerade`", masquerade.span)
    taken = host.derived(Datapaths).taken
    if taken:
        yield Need(modules.TC, "`datapath`", host.datapath_span or host.offload_span or taken[0].span)
    if opened := host.derived(Stateless).open:
        yield Need(modules.STATELESS, "`stateless`", opened[0].span)
    yield from _rules(host, translated=translated is not None)


def _translation(host: Host) -> Span | None:
    rows = [table[0].span for table in (host.eips, host.prefix_eips, host.forwards) if len(table)]
    return next(iter([*rows, *(nat.span for nat in host.nats)]), None)


def _rules(host: Host, *, translated: bool) -> Iterator[Need]:
    flowtable = bool(host.derived(FlowtableDevices).devices)
    for policy in host.policies:
        for rule in policy.rules:
            if rule.offload and flowtable and SELF not in (policy.source, policy.target):
                yield Need(modules.OFFLOAD, "`offload`", rule.span)
            if rule.helper is not None:
                yield Need((modules.HELPER_MODULES[rule.helper],), f"`helper {rule.helper}`", rule.span)
                if translated and rule.helper in NAT_MODULES:
                    yield Need((NAT_MODULES[rule.helper],), f"`helper {rule.helper}` with translation", rule.span)
            if rule.connections is not None:
                yield Need(modules.CONNECTIONS, "`connections`", rule.connections.span)
            if rule.limit is not None and not rule.limit.per_source:
                yield Need(modules.LIMIT, "`limit`", rule.limit.span)
            if rule.log is not None:
                yield Need((*modules.LOG, *modules.LIMIT), "`log`", rule.log.span)
            if rule.action is Action.REJECT:
                yield Need(modules.REJECT, "`reject`", rule.span)


_FILE = """
interface wan { device eth0; address 198.51.100.2/24 }
interface lan { device eth1; address 10.0.0.1/24 }
zone internet { interface wan }
zone office { interface lan }
policy office -> self { accept tcp 22 }
"""

CHECK = FactsCheck(
    CODE,
    run,
    bad=_FILE + "policy office -> internet { accept offload }\n",
    good=_FILE + "policy office -> internet { accept }\n",
    facts="""
{"version": 1, "kernel": {"release": "6.1.0-28-cloud-amd64", "version": [6, 1]},
 "modules": {"nf_tables": "loaded", "nft_ct": "loaded", "nf_flow_table": "absent", "nft_flow_offload": "absent"}}
""",
)
