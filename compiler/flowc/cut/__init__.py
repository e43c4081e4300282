"""Which of a host's live connections a file does not let be as they are."""
