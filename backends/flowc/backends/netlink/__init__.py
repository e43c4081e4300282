"""The netlink backend: what is read from a live kernel. It imports pyroute2, and so nothing imports it but what needs it."""
