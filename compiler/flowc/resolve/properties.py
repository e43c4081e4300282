"""The options of a block, each given at most once."""

from __future__ import annotations

from collections.abc import Iterable

from flowc.diagnostics import Diagnostics, fixes
from flowc.resolve import codes
from flowc.source import Span
from flowc.syntax import tree


class Properties:
    """Look up by keyword; repeated options are reported on construction, the first one counts."""

    def __init__(
        self,
        owner: str,
        name: tree.Name,
        properties: Iterable[tree.Property],
        diagnostics: Diagnostics,
        *,
        damaged: bool = False,
    ) -> None:
        self._owner = owner
        self._name = name
        self._diagnostics = diagnostics
        self._damaged = damaged
        self._found: dict[str, tree.Property] = {}
        for one in properties:
            first = self._found.setdefault(one.key.text, one)
            if first is not one:
                diagnostics.report(
                    codes.REPEATED_OPTION,
                    f"`{one.key.text}` is given twice",
                    one.span,
                    related=[(first.span, "first given here")],
                    fix=fixes.remove_copy(first.span, one.span),
                )

    def get(self, key: str) -> tree.Property | None:
        return self._found.get(key)

    def value(self, key: str) -> tree.Value | None:
        """The single value of an option."""
        found = self._found.get(key)
        return found.values[0] if found and found.values else None

    def values(self, key: str) -> tuple[tree.Value, ...]:
        found = self._found.get(key)
        return found.values if found else ()

    def require(self, key: str, example: str) -> tree.Value | None:
        """Like `value`, but reports when it is missing."""
        found = self.value(key)
        if found is None and not self._damaged:  # else it may have been in what had a syntax error
            self._diagnostics.report(
                codes.MISSING_OPTION,
                f"{self._owner} `{self._name.text}` has no `{key}`",
                self._name.span,
                help=f"add `{example}`",
            )
        return found

    def exclusive(self, *keys: str) -> None:
        """At most one of these may be given."""
        given = [self._found[key] for key in keys if key in self._found]
        for other in given[1:]:
            self._diagnostics.report(
                codes.CONFLICTING_OPTIONS,
                f"`{other.key.text}` and `{given[0].key.text}` exclude each other",
                other.span,
                related=[(given[0].span, f"`{given[0].key.text}` is given here")],
            )

    @property
    def spans(self) -> tuple[tuple[str, Span], ...]:
        """Where each option is given, with its keyword."""
        return tuple((key, found.span) for key, found in self._found.items())

    def span(self, key: str) -> Span:
        return self._found[key].span

    def __contains__(self, key: str) -> bool:
        return key in self._found
