"""How messages move. Knows bytes and ids, never meanings."""
