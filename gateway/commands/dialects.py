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


class JsonDialect(StrEnum):
    """A language whose documents are JSON, which cannot be told from one another by their looks."""

    CANONICAL = "canonical"
    CASEFLOW = "caseflow"
