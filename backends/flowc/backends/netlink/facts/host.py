"""All of a host's facts, one part after the other."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from typing import Any

from flowc.backends.netlink.facts.gaps import Gaps, Roots
from flowc.backends.netlink.facts.kernel import Rtnl, attributes
from flowc.backends.netlink.facts.links import links
from flowc.backends.netlink.facts.modules import modules
from flowc.backends.netlink.facts.namespace import entered
from flowc.backends.netlink.facts.routing import addresses, neighbors, routes
from flowc.backends.netlink.facts.sockets import listeners
from flowc.backends.netlink.facts.sysctls import sysctls
from flowc.backends.netlink.facts.tools import tools
from flowc.facts import Facts, Kernel


def read_host(netns: str | None = None, roots: Roots | None = None) -> Facts:
    """The facts of this host, or of one of its network namespaces, by its name or a path.

    Raises NoNamespaceError; everything else that cannot be read is listed in `missing`.
    """
    roots, gaps = roots or Roots(), Gaps()
    release = os.uname().release
    with entered(netns):
        found = _network(roots, gaps)
    return Facts(
        version=1,
        hostname=os.uname().nodename,
        taken=datetime.now(UTC).replace(microsecond=0),
        netns=netns,
        kernel=_kernel(release, gaps),
        tools=tools(gaps),
        modules=modules(release, roots, gaps),
        **found,
        missing=gaps.missing(),
    )


def _kernel(release: str, gaps: Gaps) -> Kernel | None:
    numbers = re.match(r"(\d+)\.(\d+)", release)
    if numbers is None:
        gaps.add("kernel", f"its release {release} does not begin with a version")
        return None
    return Kernel(release=release, version=(int(numbers[1]), int(numbers[2])))


def _network(roots: Roots, gaps: Gaps) -> dict[str, Any]:
    """What belongs to the network namespace."""
    found: dict[str, Any] = {}
    names: dict[int, str] = {}
    with Rtnl() as rtnl:
        with gaps.reading("links"):
            messages = {message["index"]: message for message in rtnl.links()}
            names = {index: attributes(message)["IFLA_IFNAME"] for index, message in messages.items()}
            found["links"] = links(messages, gaps)
        for field, read in (("addresses", addresses), ("routes", routes), ("neighbors", neighbors)):
            with gaps.reading(field):
                found[field] = read(rtnl, names)
    with gaps.reading("sysctls"):
        found["sysctls"] = sysctls(roots, gaps)
    with gaps.reading("listeners"):
        found["listeners"] = listeners(names, roots, gaps)
    return found
