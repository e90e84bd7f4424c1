"""Dialects that are described by a mapping in YAML and written in no code."""
