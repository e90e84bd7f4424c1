"""Work: notes, and who looks after what.

What it is: these two, on anything that has a page. What it is not: a lock: whoever has it may be on leave, and anybody
who may act still can. Called by the console.
"""

import re
from typing import Final

from gateway.audit.events import AuditCode, AuditEvent
from gateway.control.desk import Desk, NotPossible
from gateway.oversight.reasons import ReasonInvalid, bounded_text
from gateway.oversight.records import Assignment, Note, Operator

_ABOUT: Final = re.compile(r"(delivery|message|alert|partner|group|letter):[A-Za-z0-9|._-]{1,200}")


class WorkActions:
    """What operators do around the work itself."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def note(self, about: str, text: str, by: Operator) -> Note:
        """Write something down. Its text stays out of the chain, for it may have to be removed one day. Raises ReasonInvalid, NotPossible."""
        words = bounded_text(" ".join(text.split()))
        if not words:
            raise ReasonInvalid("Write the note.")
        now = self._desk.clock()
        note = Note(note_id=self._desk.new_id(), about=_checked(about), text=words, by=by, at=now)
        self._desk.store.oversight.put_note(note, AuditEvent(AuditCode.NOTE_WRITTEN, now, about, {"by": by.subject, "note": note.note_id}))
        return note

    def assign(self, about: str, to: Operator, by: Operator) -> Assignment:
        """Give it to somebody, oneself included; whoever had it has it no longer."""
        now = self._desk.clock()
        assignment = Assignment(about=_checked(about), to=to, by=by, at=now)
        self._desk.store.oversight.assign(assignment, AuditEvent(AuditCode.WORK_ASSIGNED, now, about, {"by": by.subject, "to": to.subject}))
        return assignment

    def unassign(self, about: str, by: Operator) -> None:
        """Nobody has it any more. Raises NotPossible where nobody had."""
        event = AuditEvent(AuditCode.WORK_UNASSIGNED, self._desk.clock(), _checked(about), {"by": by.subject})
        if not self._desk.store.oversight.unassign(about, event):
            raise NotPossible("Nobody has it.")


def _checked(about: str) -> str:
    if not _ABOUT.fullmatch(about):
        raise NotPossible("There is no such thing to work on.")
    return about
