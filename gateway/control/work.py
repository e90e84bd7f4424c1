"""Work: notes, and who looks after what.

What it is: these two, on anything that has a page. What it is not: a lock: whoever has it may be on leave, and anybody
who may act still can. Called by the console.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from gateway.audit.events import AuditCode, AuditEvent
from gateway.control.desk import Desk, NotPossible
from gateway.oversight.causes import filter_of
from gateway.oversight.reasons import ReasonInvalid, bounded_text
from gateway.oversight.records import Assignment, Note, Operator
from schemas.identifiers import DeliveryId, MessageId, OrganisationId

_ABOUT: Final = re.compile(r"(delivery|message|alert|partner|group|letter):([A-Za-z0-9|._-]{1,200})")


class WorkActions:
    """What operators do around the work itself."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: Mapping[str, Callable[[str], bool]] = {
            "delivery": lambda name: bool(desk.store.queries.deliveries([DeliveryId(name)])),
            "message": lambda name: bool(desk.store.queries.messages([MessageId(name)])),
            "alert": lambda name: desk.store.oversight.alert(name) is not None,
            "partner": lambda name: OrganisationId(name) in desk.store.partners.directory().organisations,
            "group": self._is_group,
            "letter": lambda name: desk.store.dead_letters.get(name) is not None,
        }

    def note(self, about: str, text: str, by: Operator) -> Note:
        """Write something down. Its text stays out of the chain, for it may have to be removed one day. Raises ReasonInvalid, NotPossible."""
        words = bounded_text(" ".join(text.split()))
        if not words:
            raise ReasonInvalid("Write the note.")
        now = self._desk.clock()
        note = Note(note_id=self._desk.new_id(), about=self._there(about), text=words, by=by, at=now)
        self._desk.store.oversight.put_note(note, AuditEvent(AuditCode.NOTE_WRITTEN, now, about, {"by": by.subject, "note": note.note_id}))
        return note

    def assign(self, about: str, to: Operator, by: Operator) -> Assignment:
        """Give it to somebody, oneself included; whoever had it has it no longer."""
        now = self._desk.clock()
        assignment = Assignment(about=self._there(about), to=to, by=by, at=now)
        self._desk.store.oversight.assign(assignment, AuditEvent(AuditCode.WORK_ASSIGNED, now, about, {"by": by.subject, "to": to.subject}))
        return assignment

    def unassign(self, about: str, by: Operator) -> None:
        """Nobody has it any more. Raises NotPossible where nobody had."""
        event = AuditEvent(AuditCode.WORK_UNASSIGNED, self._desk.clock(), _checked(about), {"by": by.subject})
        if not self._desk.store.oversight.unassign(about, event):
            raise NotPossible("Nobody has it.")

    def _there(self, about: str) -> str:
        """Raises NotPossible for what is not there: nobody's number comes into the chain or an address as the name of nothing."""
        kind, _, name = _checked(about).partition(":")
        if not self._known[kind](name):
            raise NotPossible("There is no such thing to work on.")
        return about

    def _is_group(self, key: str) -> bool:
        wanted = filter_of(key)
        return wanted is not None and self._desk.store.watch.count_letters(wanted) > 0


def _checked(about: str) -> str:
    if not _ABOUT.fullmatch(about):
        raise NotPossible("There is no such thing to work on.")
    return about
