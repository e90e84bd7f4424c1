"""The only outward calls."""
