"""One file a page: widgets and layout only."""
