"""The dialect `canonical`: our own canonical form as a JSON document."""
