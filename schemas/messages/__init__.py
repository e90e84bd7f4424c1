"""Message types, one module per type or family."""
