"""Whether a running host is what its file says: what was read of it is judged here, and nothing is read."""
