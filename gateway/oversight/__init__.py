"""Watching and steering: what operators may see, what they may do, and what is worth waking one for. Pure rules."""
