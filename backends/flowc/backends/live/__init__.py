"""A running host: it is read, compared with what it shall be, and changed by the difference alone."""
