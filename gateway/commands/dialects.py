"""The names of the dialects, for options.

What it is: what may be typed, known without loading a dialect. What it is not: the dialects (`payloads`); a test
compares.
"""

from enum import StrEnum


class Dialect(StrEnum):
    """A partner's language."""

    NDELIUS = "ndelius"
    CANONICAL = "canonical"
    CASEFLOW = "caseflow"
    DOMAIN_EVENTS = "domain-events"
    FLATFILE = "flatfile"


class CheckedDialect(StrEnum):
    """A language that a document's looks do not tell: all JSON looks alike, and a broken flat file like nothing."""

    CANONICAL = "canonical"
    CASEFLOW = "caseflow"
    FLATFILE = "flatfile"
