"""Valid .flow files of every construct, drawn by Hypothesis: `strategies.files()` for properties, `seeded.files()` for
runs that are the same every time.

What a rule and its clauses can be comes from the IR's types (`leaves`): a new member of an enum or literal is drawn by
itself, a new field fails until somebody says what it can be. How networks hang together is drawn part by part, each in
its module, into one `drawing.Drawing`. `tests/quick/generate` holds that everything in the grammar comes up.
"""
