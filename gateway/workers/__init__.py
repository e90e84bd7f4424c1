"""Doors for queues and clocks."""
