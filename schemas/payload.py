"""The base of every message payload.

What it is: the pydantic settings that all payloads and canonical concepts share.
What it is not: a message type. Called by `schemas.canonical` and `schemas.messages`.
"""

from pydantic import BaseModel, ConfigDict


class Concept(BaseModel):
    """One concept of the canonical data model: frozen, closed, its text trimmed."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True, use_attribute_docstrings=True)


class Payload(Concept):
    """What one business message says, without its header."""
