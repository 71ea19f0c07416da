"""Research: platforms compared for a brand's needs, what rises, how our profiles look. Pure."""
