"""One finding of every kind, for the tests of the forms that findings are printed in."""

from __future__ import annotations

from flowc.diagnostics import Code, Diagnostics, Severity, fixes
from flowc.source import Source

DUPLICATE = Code("FC102", "duplicate-name", Severity.ERROR, "Two declarations have the same name. It is one namespace.")
UNZONED = Code("FC202", "interface-without-zone", Severity.WARNING, "An interface is in no zone.")
IMPLIED = Code("FC801", "implied-accept", Severity.NOTE, "Something is admitted without a rule.")

MAIN = Source("net works/gw\u00e4.flow", 'zone "\U0001f600" {}\nzone a {\n  interface x\n}\nzone a {}\n')
OTHER = Source("/etc/flowc/common.flow", "interface lan { device eth0 }\n")


def everything() -> Diagnostics:
    """An error with all that a finding can have, a warning over several lines, a note, and one that is ignored."""
    found = Diagnostics()
    first, second = MAIN.text.index("a {\n"), MAIN.text.rindex("a {}")
    found.report(
        DUPLICATE,
        "`a` is declared twice",
        MAIN.span(second, second + 1),
        "again here",
        related=[(MAIN.span(first, first + 1), "first here"), (OTHER.span(0, 9), "")],
        notes=["zones, interfaces: 100% one namespace", "over\ntwo lines"],
        help="rename one, as in `zone b { interface x }`",
        fix=fixes.remove("remove the second one", MAIN.span(second - 5, second + 4)),
    )
    found.report(UNZONED, "nothing is known of it", MAIN.span(first, MAIN.text.index("}\nzone a {}")))
    found.report(IMPLIED, "admitted: ARP", OTHER.span(len(OTHER.text), len(OTHER.text)))
    found.report(UNZONED, "`lan` is in no zone", OTHER.span(10, 13))
    silenced = [item for item in found.items if item.message == "`lan` is in no zone"]
    found.ignored = dict.fromkeys(silenced, "the lab's link")
    for item in silenced:
        del found.items[item]
    return found
