"""All that faces a partner: its language and its road."""
