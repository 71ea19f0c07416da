"""Judging a text by written rules: `normalise` undoes disguises, `rules` compiles YAML, `decide` says what and why."""
