"""The rules of the road for one message and one recipient."""
