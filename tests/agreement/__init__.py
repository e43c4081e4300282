"""Trace and kernel are asked about the same packets, and have to say the same.

`answers` are those who are asked, `packets` chooses what about, `compare` says where two differ, `faults` are mistakes in
lowering that have to be noticed. The packet tests run all of it (tests/packets/test_agreement.py).
"""
