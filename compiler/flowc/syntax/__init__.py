"""Text to syntax tree: `load` follows includes, `parse` reads one text, `tree` has the node types."""
