"""Does what `flowc trace` says of a packet agree with what the compiled scripts make the kernel do to it?

`packets` draws packets that are worth sending, `cases` puts files and packets together, `answers` asks everybody who can
say what becomes of a packet, `compare` tells how two answers differ, `shrink` makes a file of which they do smaller, and
`faults` spoils what lowering makes, in many ways: each has to be noticed.
"""
