"""The demo organisation and the month it has had; all made up."""
