"""What all actions of tc begin with: tc_gen of linux/pkt_cls.h."""

from __future__ import annotations

tc_gen = (
    ("index", "I"),
    ("capab", "I"),
    ("action", "i"),
    ("refcnt", "i"),
    ("bindcnt", "i"),
)
TC_ACT_OK, TC_ACT_SHOT, TC_ACT_PIPE, TC_ACT_STOLEN = 0, 2, 3, 4
TC_ACT_GOTO_CHAIN = 2 << 28
"""And the number of the chain in the bits below, TC_ACT_EXT_VAL_MASK."""
TC_ACT_EXT_VAL_MASK = (1 << 28) - 1
