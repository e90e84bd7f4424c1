"""What is said: identifiers, faults, envelope, receipts, canonical model, message types. Pure."""
