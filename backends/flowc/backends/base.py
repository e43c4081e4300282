"""What a text backend is.

A backend gets a HostState, whose names and numbers were validated by earlier stages, and returns text. It decides
nothing: no defaults, no addresses, no order of its own but the one its tool asks for. The same state gives the same
bytes.

The command line lists the backends before it knows whether one is wanted, so this module imports next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

if TYPE_CHECKING:
    from flowc.hoststate import HostState


class Render(Protocol):
    """The one function that each backend's package exports, under the name `render`."""

    def __call__(self, state: HostState, *, provenance: bool = True) -> str: ...


class Backend(NamedTuple):
    """One text backend. Its code is imported when it renders, so that listing the backends costs nothing."""

    name: str
    """What `--backend` takes; the folder has the same name."""
    file: str
    """The file that `flowc compile -o` writes it to."""
    description: str
    executable: bool = False

    def render(self, state: HostState, *, provenance: bool = True) -> str:
        """The text of the whole file, ending in a newline."""
        import importlib  # noqa: PLC0415  # see the module's docstring

        module = importlib.import_module(f"flowc.backends.{self.name}")
        return cast("Render", module.render)(state, provenance=provenance)
