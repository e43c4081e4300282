"""Trace and kernel are asked about the same packets, and have to say the same.

`packets` chooses what about, `cases` keeps it with the files, `running` sends it; `faults` are mistakes in lowering that have
to be noticed. The packet tests run all of it (tests/packets/test_agreement.py).
"""
