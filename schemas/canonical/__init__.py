"""Canonical data model, one module per business concept."""
