"""Packet tests: what the kernel does with real packets. They run in the lab's guest (`tests.lab`)."""
