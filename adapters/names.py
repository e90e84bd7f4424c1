"""The names of the dialects that are in code, as agreements and options write them.

What it is: each name once, cheap to load: nothing is imported here. What it is not: the dialects (`catalogue`), nor the
described ones, whose names their mappings say.
"""

from enum import StrEnum


class Dialect(StrEnum):
    """A partner's language."""

    NDELIUS = "ndelius"
    CANONICAL = "canonical"
    CASEFLOW = "caseflow"
    DOMAIN_EVENTS = "domain-events"
    FLATFILE = "flatfile"
