"""`make verify-aws`: the examples, their access files and the engine's unknowns, tried in a sandbox account of AWS."""
