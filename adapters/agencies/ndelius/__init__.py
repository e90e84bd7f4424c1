"""The SPG XML dialect."""
