"""What people make the gateway do from the console: each action decided by a rule and written with its audit event."""
