"""Faults: what went wrong, where, and whose it is to mend.

What it is: a row of the fault table with a place and a safe detail, and the `Refusal` that carries it. What it
is not: a log. Personal data never goes into either. Called by everything pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.fault_codes import Blame as Blame
from schemas.fault_codes import Category as Category
from schemas.fault_codes import FaultCode as FaultCode
from schemas.fault_codes import Severity as Severity
from schemas.fault_rows import FAULTS as FAULTS
from schemas.fault_rows import FaultRow as FaultRow


@dataclass(frozen=True, slots=True)
class Fault:
    """One row with a place and a safe detail. Never holds personal data."""

    code: FaultCode
    detail: str = ""
    """One sentence on what was found and what was expected, without the value where it could be personal."""
    pointer: str = ""
    """XPath or JSON pointer into what the sender sent."""
    reference: int | None = None
    """Number of the message in its interchange, from 1."""
    value: str = ""
    """What was found, where the class of its field lets it be repeated (`schemas.classes`); else empty."""
    current_version: str | None = None
    """The version that the record has now, where the message named an older one."""

    @property
    def row(self) -> FaultRow:
        """The row of the table that this fault names."""
        return FAULTS[self.code]


@dataclass(eq=False)
class Refusal(Exception):
    """The sender, the content or the rules say no. Never retried by us."""

    fault: Fault
    also: Sequence[Fault] = field(default=())
    cause: str = ""
    """What the audit may know and an outsider may not (which check of a signature failed)."""

    def __str__(self) -> str:
        return f"{self.fault.code}: {self.fault.detail}"


def refuse(code: FaultCode, detail: str = "", *, pointer: str = "", reference: int | None = None, value: str = "", cause: str = "") -> Refusal:
    """Make a refusal of one fault; the caller raises it."""
    return Refusal(Fault(code, detail, pointer, reference, value), cause=cause)


def refusal_of(faults: Sequence[Fault], *, cause: str = "") -> Refusal:
    """Make one refusal of everything that was found wrong, of which there is at least one."""
    return Refusal(faults[0], also=tuple(faults[1:]), cause=cause)
