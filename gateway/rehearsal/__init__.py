"""Simulated partners, demo and bench: programs for users."""
