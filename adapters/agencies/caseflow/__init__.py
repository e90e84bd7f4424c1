"""The JSON dialect of a fictional CRC case system."""
