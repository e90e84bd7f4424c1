"""The commands of `gateway`, one module per noun."""
