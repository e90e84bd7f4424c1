"""The conformance kit: what a partner must be able to do before it is live, played and judged."""
