"""Who the partners are and what was agreed with them."""
