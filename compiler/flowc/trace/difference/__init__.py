"""Which packets two files treat differently."""
