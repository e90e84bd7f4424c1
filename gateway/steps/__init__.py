"""The beats of each pipeline step: load, decide, act, commit."""
