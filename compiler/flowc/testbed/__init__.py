"""A host's surroundings in network namespaces: real packets through the real kernel, and what became of each."""
