"""The hosts of all examples."""

from pathlib import Path

from flowc.api import check_files
from flowc.ir.network import Host

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.flow"))


def hosts() -> dict[str, Host]:
    """By the name of the example and of the host."""
    return {f"{file.stem}/{host.name}": host for file in EXAMPLES for host in check_files([file]).network.hosts}


HOSTS = hosts()
