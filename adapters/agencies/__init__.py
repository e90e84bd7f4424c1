"""One folder per dialect. Pure."""
