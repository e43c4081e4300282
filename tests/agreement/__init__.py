"""Trace and kernel are asked about the same packets, and have to say the same.

`packets` chooses them among the ways that the trace tells apart, `targeted` makes those that a rule or a translation is
about (of `values` and their `edges`), `cases` keeps them with the files, `running` sends them, `kinds` counts what was
sent, and `shrink` makes a file smaller that is disagreed about. `faults` are mistakes in lowering that have to be noticed,
made by `spoil` on the files in `files/`. The packet tests run all of it (tests/packets/test_agreement.py,
test_seeded_faults.py).
"""
