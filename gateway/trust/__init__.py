"""May it be believed? All cryptography, no I/O."""
