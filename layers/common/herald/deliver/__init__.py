"""Outgoing acts: how long an attempt may take and when the next one comes. The steps are in flows/deliver.py."""
