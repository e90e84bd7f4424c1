"""Health of a partner: the worst that is true, but that a decision of people explains all else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.oversight.health import WORDS, Facts, Health, health_of
from gateway.oversight.views import Activity, QueueView
from gateway.partners.party import Organisation, Pause, Standing
from gateway.records import DeliveryState
from schemas.identifiers import OrganisationId, PartyCode
from tests.support.world import default_agreements

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
C05, C06 = PartyCode("C05"), PartyCode("C06")
LIVE = Organisation(organisation_id=OrganisationId("north"), name="North", standing=Standing.LIVE)
AGREEMENT = replace(default_agreements()[0], breaker_failures=5)
PAUSE = Pause(since=NOW.isoformat(), until=(NOW + timedelta(hours=1)).isoformat(), reason="partner-asked", text="", by="op", by_name="Op")


def _activity(failures: int = 0, *, heard: bool = True, party: PartyCode = C05) -> Activity:
    return Activity(party=party, last_accepted_at=NOW if heard else None, failures_since_success=failures)


def _facts(*activity: Activity, organisation: Organisation = LIVE, set_aside: int = 0) -> Facts:
    queue = QueueView(recipient=C05, counts={DeliveryState.SET_ASIDE: set_aside}, oldest_at=None, next_attempt_at=None)
    return Facts(organisation=organisation, agreements=(AGREEMENT,), activity=activity, queues=(queue,))


@pytest.mark.parametrize(
    ("facts", "health"),
    [
        (_facts(_activity()), Health.WORKING),
        (_facts(), Health.QUIET),
        (_facts(_activity(heard=False)), Health.QUIET),
        (_facts(_activity(1)), Health.STRUGGLING),
        (_facts(_activity(4)), Health.STRUGGLING),
        (_facts(_activity(5)), Health.DOWN),
        (_facts(_activity(0), _activity(5, party=C06)), Health.DOWN),
        (_facts(_activity(), set_aside=1), Health.STRUGGLING),
        (_facts(_activity(5), organisation=replace(LIVE, paused=PAUSE)), Health.PAUSED),
        (_facts(_activity(5), organisation=replace(LIVE, standing=Standing.SUSPENDED, paused=PAUSE)), Health.SUSPENDED),
        (_facts(_activity(5), organisation=replace(LIVE, standing=Standing.PROVING)), Health.JOINING),
        (_facts(organisation=replace(LIVE, standing=Standing.LEFT)), Health.GONE),
    ],
)
def test_health(facts: Facts, health: Health) -> None:
    assert health_of(facts, NOW) is health


def test_a_pause_that_is_over_hides_nothing() -> None:
    facts = _facts(_activity(5), organisation=replace(LIVE, paused=PAUSE))
    assert health_of(facts, NOW + timedelta(hours=1)) is Health.DOWN


def test_every_health_has_its_word() -> None:
    assert set(WORDS) == set(Health)
