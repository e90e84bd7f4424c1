"""The cellar: the only SQL."""
