"""The door for people: pages, and what they may do there."""
