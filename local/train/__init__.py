"""Training of the small models that moderation runs: `make models`."""
