"""Govern: written policies, who may do what, and the chain that shows what was done."""
