"""Kernel objects over netlink, a module for each kind: how they are read into HostState's types, and how they are written.

Each module has `read`, and for what a delta has of its kind `create`, `delete` and `change`. What is read is flowc's own
alone: what carries its mark (an alias, protocol number 102, a filter's action cookie), and of what carries none that which
the file asks for or the journal remembers.
"""
