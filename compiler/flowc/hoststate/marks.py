"""The marks that flowc writes. What other bits there are stays as it is.

A VRF has one number everywhere: its conntrack zone, its mark on packets, and its part of the connection mark.
"""

from __future__ import annotations

VRF_BITS = 14

VRF_MASK = (1 << VRF_BITS) - 1
"""Packet mark: the VRF whose routing table the packet is to be looked up in; 0 is none, then the device decides.
Connection mark: the VRF that it was translated into."""

MAIN_NUMBER = VRF_MASK
"""In a mark, the main routing table: no VRF has this number."""

HOME_SHIFT = VRF_BITS
"""Connection mark: how far above those bits the VRF is that calls a public address of this host from conntrack zone 0."""

HAIRPIN_MARK = 1 << 29
"""Connection mark: it goes out to a public address of this host and comes back."""

OFFLOAD_MARK = 1 << 30
"""Connection mark: a rule with `offload` admitted it."""
