"""The dialect `domain-events`: thin events, after the public style of HMPPS domain events."""
