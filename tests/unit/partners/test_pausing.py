"""A pause: when it may be, when it holds, what it keeps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.audit.events import AuditCode
from gateway.partners.directory import Directory
from gateway.partners.onboarding import put_organisation
from gateway.partners.party import Organisation, Party, Pause, Standing
from gateway.partners.pausing import LONGEST, PauseRefused, pause, paused, paused_parties, resume
from gateway.store.documents import organisation_document, to_organisation
from schemas.identifiers import OrganisationId, PartyCode

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LIVE = Organisation(organisation_id=OrganisationId("north"), name="North", standing=Standing.LIVE)


def wish(hours: float = 2) -> Pause:
    return Pause(
        since=NOW.isoformat(),
        until=(NOW + timedelta(hours=hours)).isoformat(),
        reason="planned-maintenance",
        text="Their release.",
        by="op-1",
        by_name="A. Operator",
    )


def test_a_pause_holds_until_its_end_and_no_longer() -> None:
    after, event = pause(LIVE, wish(), NOW)
    assert paused(after, NOW + timedelta(minutes=119))
    assert not paused(after, NOW + timedelta(hours=2))
    assert (event.code, event.subject, event.facts["by"]) == (AuditCode.PARTNER_PAUSED, "north", "op-1")
    assert "Their release." not in event.facts.values()


@pytest.mark.parametrize("hours", [0, -1, LONGEST / timedelta(hours=1) + 0.1])
def test_its_end_lies_within_a_week(hours: float) -> None:
    with pytest.raises(PauseRefused, match="7 days"):
        pause(LIVE, wish(hours), NOW)


@pytest.mark.parametrize("standing", [Standing.APPLIED, Standing.SUSPENDED, Standing.LEFT])
def test_only_who_is_delivered_to_is_paused(standing: Standing) -> None:
    with pytest.raises(PauseRefused, match=standing.value):
        pause(replace(LIVE, standing=standing), wish(), NOW)


def test_resume_ends_it_and_asks_for_one() -> None:
    after, _ = pause(LIVE, wish(), NOW)
    resumed, event = resume(after, "op-2", NOW)
    assert resumed.paused is None
    assert (event.code, event.facts) == (AuditCode.PARTNER_RESUMED, {"by": "op-2"})
    with pytest.raises(PauseRefused):
        resume(resumed, "op-2", NOW)
    with pytest.raises(PauseRefused):
        resume(after, "op-2", NOW + timedelta(hours=3))


def test_it_is_kept_with_the_organisation() -> None:
    after, _ = pause(LIVE, wish(), NOW)
    assert to_organisation(organisation_document(after)) == after
    assert to_organisation(organisation_document(LIVE)) == LIVE


def test_applying_the_profile_again_does_not_end_it() -> None:
    after, _ = pause(LIVE, wish(), NOW)
    written, _ = put_organisation(Directory(organisations={after.organisation_id: after}), replace(LIVE, name="North again"), NOW)
    assert written.paused == after.paused


def test_it_holds_for_every_party_of_the_organisation_and_nobody_else() -> None:
    after, _ = pause(LIVE, wish(), NOW)
    south = replace(LIVE, organisation_id=OrganisationId("south"))
    parties = {
        PartyCode(code): Party(code=PartyCode(code), name=code, organisation=run) for code, run in (("C01", "north"), ("C02", "north"), ("C03", "south"))
    }
    directory = Directory(organisations={one.organisation_id: one for one in (after, south)}, parties=parties)
    assert paused_parties(directory, NOW) == {"C01", "C02"}
    assert paused_parties(directory, NOW + timedelta(hours=2)) == frozenset()
