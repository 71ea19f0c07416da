"""Slow tests against real servers: `make test-platforms`."""
