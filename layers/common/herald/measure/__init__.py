"""Measure: what is counted, and how (docs/metrics.md)."""
