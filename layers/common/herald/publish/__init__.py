"""The calendar: when a variant is due, what a platform would refuse, and what may happen to a variant."""
