"""Running hosts: what a file would change on one, and the change itself. Network namespaces are entered here.

    planned = compare_live(state)     what is on the host against what it shall be
    applied = apply_state(state)      makes the host what it shall be, or leaves it as it was
    for applied in follow(state): ... makes it so again whenever a device comes, goes or changes
    verified = verify_live(state, host)  whether it is so, and works
    planned = compare_down()          what the removal of all that flowc made would do
    applied = take_down()             removes it

Nothing here is for hosts that are not at hand: `flowc.api` compiles for those.
"""

from flowc.live.applying import (
    Applied,
    Planned,
    WhichHostError,
    apply_state,
    compare_down,
    compare_live,
    machine,
    take_down,
    this_host,
    verify_live,
)
from flowc.live.following import follow

__all__ = [
    "Applied",
    "Planned",
    "WhichHostError",
    "apply_state",
    "compare_down",
    "compare_live",
    "follow",
    "machine",
    "take_down",
    "this_host",
    "verify_live",
]
