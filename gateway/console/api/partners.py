"""Partners, for the command line: the list, how one is doing, pausing, resuming and testing it.

What it is: the cards of the pages as documents, and their actions. What it is not: setting one up (`gateway partner`),
nor a probe: what is known of an endpoint is what its last attempts said.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.responses import Response

from gateway.console.api.answers import BASE, Body, document, line_members, moment_from, order_members, refusing, work_members
from gateway.console.errors import ConsoleError
from gateway.console.pages.partner import Seen, look
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.control.cards import Card, cards
from gateway.control.partners import PartnerActions
from gateway.control.picture import take
from gateway.oversight.access import Permission
from gateway.oversight.causes import cause_of
from gateway.oversight.members import Members, moment
from gateway.oversight.views import AttemptRow
from gateway.partners.party import Organisation, Pause
from schemas.identifiers import OrganisationId, PartyCode

Watcher = Annotated[Viewer, Depends(permitted(Permission.WATCH))]
Pauser = Annotated[Viewer, Depends(permitted(Permission.PAUSE))]
Tester = Annotated[Viewer, Depends(permitted(Permission.TEST))]
_ATTEMPTS: Final = 20
_TESTS: Final = 10


class ToPause(Body):
    """Until when, and why."""

    until: str = Field(max_length=40)
    reason: str = Field(default="", max_length=64)
    text: str = Field(default="", max_length=1000)


class ToTest(Body):
    """Which of its parties."""

    party: PartyCode = Field(max_length=64)


def routes(parts: ConsoleParts) -> APIRouter:
    """Looks and actions."""
    router, actions = APIRouter(prefix=BASE), PartnerActions(parts.desk)

    @router.get("/partners")
    def partners(_viewer: Watcher) -> Response:
        """Those that need somebody come first."""
        now, directory = parts.clock(), parts.directory()
        found = cards(take(parts.store, directory, now), directory)
        return document("partners/2", at=moment(now), partners=[_card(one) for one in found])

    @router.get("/partners/{organisation}")
    def partner(_viewer: Watcher, organisation: str) -> Response:
        """How one is doing: its parties, keys, last attempts, tests and notes."""
        seen = look(parts, organisation)
        about = f"partner:{seen.card.organisation.organisation_id}"
        tests = actions.tests(seen.parties, _TESTS)
        return document(
            "partner-health/1",
            at=moment(seen.now),
            partner=_card(seen.card),
            parties=[line_members(line) for line in seen.card.lines],
            attempts=_attempts(parts, seen),
            tests=[order_members(one) for one in tests],
            **work_members(parts.store.oversight.notes(about), parts.store.oversight.assignments([about]).get(about)),
        )

    @router.post("/partners/{organisation}/pause")
    def pause(viewer: Pauser, organisation: str, asked: ToPause) -> Response:
        """Hand nothing over to it until then."""
        with refusing():
            until = moment_from(asked.until, "until")
            done = actions.pause(OrganisationId(organisation), until, asked.reason, asked.text, viewer.operator)
        return document("partner-paused/1", **_pausing(done))

    @router.post("/partners/{organisation}/resume")
    def resume(viewer: Pauser, organisation: str) -> Response:
        """Go on now."""
        with refusing():
            return document("partner-resumed/1", **_pausing(actions.resume(OrganisationId(organisation), viewer.operator)))

    @router.post("/partners/{organisation}/test")
    def test(viewer: Tester, organisation: str, asked: ToTest) -> Response:
        """Ask a worker to send it a ConnectionNotification."""
        if asked.party not in look(parts, organisation).parties:
            raise ConsoleError(404, "There is no such party", "The partner does not serve it: gateway partners health lists those that it does.")
        with refusing():
            return document("partner-test/1", order=order_members(actions.ask_test(asked.party, viewer.operator)))

    return router


def _card(card: Card) -> Members:
    pause = card.pause
    return {
        "id": card.organisation.organisation_id,
        "name": card.organisation.name,
        "standing": card.organisation.standing.value,
        "health": card.health.value,
        "parties": [line.party for line in card.lines],
        **{name: card.sum_of(name) for name in ("waiting", "in_flight", "dead", "late")},
        "oldest_at": moment(card.oldest_at),
        "last_heard_at": moment(card.last_heard_at),
        "last_reached_at": moment(card.last_reached_at),
        "last_failed_at": moment(card.last_failed_at),
        "failures": card.failures,
        "key_days": card.key_days,
        "paused": _pause(pause) if pause else None,
    }


def _pause(pause: Pause) -> Members:
    return {"since": pause.since, "until": pause.until, "reason": pause.reason, "text": pause.text, "by": pause.by_name}


def _pausing(organisation: Organisation) -> Members:
    return {"organisation": organisation.organisation_id, "paused": _pause(organisation.paused) if organisation.paused else None}


def _attempts(parts: ConsoleParts, seen: Seen) -> list[Members]:
    rows = [row for party in seen.parties for row in parts.store.watch.attempts(party, _ATTEMPTS)]
    return [_attempt(row) for row in sorted(rows, key=lambda row: row.at, reverse=True)[:_ATTEMPTS]]


def _attempt(row: AttemptRow) -> Members:
    return {
        "delivery_id": row.delivery_id,
        "recipient": row.recipient,
        "number": row.number,
        "at": moment(row.at),
        "outcome": row.outcome,
        "fault": row.fault or None,
        "cause": cause_of(row.fault).title if row.fault else None,
        "next_attempt_at": moment(row.next_attempt_at),
    }
