"""What happened, by code, linked into a chain."""
