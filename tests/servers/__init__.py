"""Servers that tests talk to: real ones out of a cache, a line that loses answers, one that says what it is told."""
