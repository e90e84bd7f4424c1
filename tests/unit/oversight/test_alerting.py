"""Rules of alerting: when each finds something, and an alert's way from raised to resolved, whoever flaps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.oversight import alerting
from gateway.oversight.alert_rules import QUIET, RULES, Severity, page_of, runbook_of, severity_of, title_of
from gateway.oversight.alerting import SEEN_EVERY, ChainFacts, Change, Facts, Finding, Key, OrganisationFacts, PartyFacts, Step, decide, in_words, judge
from gateway.oversight.records import Alert, AlertState, Operator
from gateway.partners.hours import Day, WorkingHours
from gateway.partners.watching import Thresholds
from schemas.identifiers import OrganisationId, PartyCode

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # a Wednesday
OFF = Thresholds(waiting=0, waiting_minutes=0, receipt_minutes=0, set_aside=0, silence_hours=0, certificate_days=0)
OFFICE = WorkingHours(days=frozenset({Day.MON, Day.TUE, Day.WED, Day.THU, Day.FRI}), opens="09:00", closes="17:00")


def ago(**by: float) -> datetime:
    return NOW - timedelta(**by)


def party(**given: object) -> Facts:
    return Facts(at=NOW, parties=(PartyFacts(party=PartyCode("C05"), **{"thresholds": Thresholds(), **given}),))  # type: ignore[arg-type]


def organisation(**given: object) -> Facts:
    return Facts(at=NOW, organisations=(OrganisationFacts(organisation=OrganisationId("alpha"), **given),))  # type: ignore[arg-type]


def found(facts: Facts) -> dict[Key, tuple[str, str]]:
    return {key: (one.value, one.threshold) for key, one in judge(facts).found.items()}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (party(waiting=1, waiting_since=ago(minutes=29, seconds=59)), {}),
        (party(waiting=1, waiting_since=ago(minutes=30)), {("oldest-waiting", "C05"): ("30 minutes", "30 minutes")}),
        (party(waiting=1, waiting_since=ago(hours=5)), {("oldest-waiting", "C05"): ("5 hours", "30 minutes")}),
        (party(waiting=1, waiting_since=ago(hours=5), thresholds=OFF), {}),
        (party(waiting=100), {}),
        (party(waiting=1101), {("depth", "C05"): ("1,101 messages", "100 messages")}),
        (party(waiting=21, thresholds=replace(OFF, waiting=20)), {("depth", "C05"): ("21 messages", "20 messages")}),
        (party(waiting=10_000, thresholds=OFF), {}),
        (party(owed_since=ago(hours=3)), {}),
        (party(late=2, owed_since=ago(hours=6)), {("late-receipts", "C05"): ("2 receipts, owed for up to 6 hours", "4 hours")}),
        (party(late=2, owed_since=ago(hours=6), thresholds=OFF), {}),
        (party(set_aside=1), {("exhausted-retries", "C05"): ("1 delivery", "1 delivery")}),
        (party(set_aside=4, thresholds=replace(OFF, set_aside=5)), {}),
        (party(set_aside=9, thresholds=OFF), {}),
        (organisation(failures=4, breaker_failures=5), {}),
        (organisation(failures=5, breaker_failures=5), {("open-breaker", "alpha"): ("5 failures in a row", "5 failures")}),
        (organisation(failures=5, breaker_failures=0), {}),
        (organisation(keys_end={"sign": NOW + timedelta(days=30)}, certificate_days=30), {}),
        (
            organisation(keys_end={"sign": NOW + timedelta(days=90), "tls": NOW + timedelta(days=12)}, certificate_days=30),
            {("certificate-days", "alpha"): ("12 days left (client certificate)", "30 days")},
        ),
        (organisation(keys_end={"auth": ago(hours=3)}, certificate_days=30), {("certificate-days", "alpha"): ("ended 3 hours ago (key for calls)", "30 days")}),
        (organisation(keys_end={"auth": ago(hours=3)}), {}),
        (organisation(certificate_days=30), {}),
        (organisation(heard_at=ago(hours=23), silence_hours=24), {}),
        (organisation(heard_at=ago(hours=25), silence_hours=24), {("silence", "alpha"): ("25 hours", "24 hours")}),
        (organisation(heard_at=ago(days=90)), {}),
        (organisation(silence_hours=24), {}),
        (
            Facts(at=NOW, chain=ChainFacts(flaws=2, first="altered at record 7")),
            {("audit-chain-break", ""): ("2 flaws, the first: altered at record 7", "none")},
        ),
        (Facts(at=NOW, relay_silent=timedelta(seconds=29), relay_late=timedelta(seconds=30)), {}),
        (Facts(at=NOW, relay_silent=timedelta(seconds=90), relay_late=timedelta(seconds=30)), {("relay-late", ""): ("90 seconds", "30 seconds")}),
        (Facts(at=NOW, relay_silent=timedelta(hours=9)), {}),
        (Facts(at=NOW), {}),
    ],
)
def test_a_rule_finds_what_is_beyond_its_threshold_and_nothing_else(facts: Facts, expected: dict[Key, tuple[str, str]]) -> None:
    assert found(facts) == expected


def test_the_night_and_the_weekend_are_no_silence() -> None:
    friday = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
    # Friday 16-17, Monday and Tuesday 9-17, Wednesday 9-12: 20 working hours.
    assert found(organisation(heard_at=friday, silence_hours=20, working_hours=OFFICE)) == {("silence", "alpha"): ("20 working hours", "20 working hours")}
    assert found(organisation(heard_at=friday, silence_hours=21, working_hours=OFFICE)) == {}
    assert found(organisation(heard_at=friday, silence_hours=21)) != {}


@pytest.mark.parametrize("rule", ["oldest-waiting", "depth", "late-receipts", "open-breaker", "silence"])
def test_of_whoever_is_held_nothing_is_asked(rule: str) -> None:
    facts = Facts(
        at=NOW,
        parties=(
            PartyFacts(party=PartyCode("C05"), thresholds=Thresholds(), waiting=999, waiting_since=ago(days=2), late=3, owed_since=ago(days=2), held=True),
        ),
        organisations=(
            OrganisationFacts(
                organisation=OrganisationId("alpha"), failures=9, breaker_failures=5, heard_at=ago(days=9), silence_hours=1, working_hours=OFFICE, held=True
            ),
        ),
    )
    judged = judge(facts)
    assert judged.found == {}
    assert rule in {key[0] for key in judged.held}


def test_what_was_set_aside_and_what_ends_is_told_also_of_whoever_is_held() -> None:
    assert ("exhausted-retries", "C05") in found(party(set_aside=1, held=True))
    assert ("certificate-days", "alpha") in found(organisation(keys_end={"sign": NOW}, certificate_days=1, held=True))


def test_every_rule_is_asked_and_has_its_words_page_and_runbook() -> None:
    assert set(alerting._ASKED) == set(RULES)
    for code, rule in RULES.items():
        assert rule.code == code
        assert rule.title
        assert rule.words.endswith(".")
        assert page_of(code, "C05").startswith("/")
        assert "{" not in page_of(code, "C05")
        assert "{" not in rule.page_text.format(subject="C05")
        assert Path(f"docs{runbook_of(code)}.md").is_file()


def test_an_alert_of_a_rule_that_is_no_more_can_still_be_shown() -> None:
    assert (page_of("gone-rule", "C05"), title_of("gone-rule"), severity_of("gone-rule")) == ("/alerts", "Gone rule", Severity.WARNING)
    old = replace(firing("depth"), rule="gone-rule")
    assert [change.step for change in decide([old], judge(Facts(at=NOW)), {}, NOW, next_id())[0]] == [Step.RESOLVED]


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (timedelta(seconds=-5), "0 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=119), "119 seconds"),
        (timedelta(seconds=120), "2 minutes"),
        (timedelta(minutes=119), "119 minutes"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(hours=48), "2 days"),
        (timedelta(days=400), "400 days"),
    ],
)
def test_times_are_told_in_one_unit(time: timedelta, words: str) -> None:
    assert in_words(time) == words


def next_id():
    numbers = iter(range(1000))
    return lambda: f"a{next(numbers)}"


def firing(rule: str, subject: str = "C05", **given: object) -> Alert:
    made = Alert(alert_id="a", rule=rule, subject=subject, state=AlertState.FIRING, value="1", threshold="0", raised_at=ago(hours=1), seen_at=NOW, version=1)
    return replace(made, **given)  # type: ignore[arg-type]


def judged(*keys: Key, held: Key | None = None) -> alerting.Judgement:
    return alerting.Judgement({key: Finding("1", "0") for key in keys}, frozenset({held} if held else ()))


BREAKER: Key = ("open-breaker", "alpha")
DEPTH: Key = ("depth", "C05")


def test_an_alert_is_raised_once_and_then_only_seen() -> None:
    (raised,), pending = decide([], judged(BREAKER), {}, NOW, next_id())
    assert (raised.step, raised.alert.rule, raised.alert.subject, raised.alert.version) == (Step.RAISED, *BREAKER, 0)
    assert pending == {}
    assert decide([raised.alert], judged(BREAKER), pending, NOW, next_id()) == ([], {})
    later = NOW + SEEN_EVERY
    assert decide([raised.alert], judged(BREAKER), {}, later, next_id())[0] == [Change(Step.SEEN, replace(raised.alert, seen_at=later))]


def test_a_new_value_is_seen_at_once() -> None:
    changes, _ = decide([firing("depth", value="0")], judged(DEPTH), {}, NOW, next_id())
    assert changes == [Change(Step.SEEN, firing("depth"))]


def test_a_rule_that_must_last_waits_and_begins_anew_when_interrupted() -> None:
    lasting = RULES["depth"].lasting
    changes, pending = decide([], judged(DEPTH), {}, NOW, next_id())
    assert (changes, pending) == ([], {DEPTH: NOW})
    changes, pending = decide([], judged(DEPTH), pending, NOW + lasting - timedelta(seconds=1), next_id())
    assert (changes, pending) == ([], {DEPTH: NOW})
    changes, pending = decide([], judged(DEPTH), pending, NOW + lasting, next_id())
    assert [change.step for change in changes] == [Step.RAISED]
    assert pending == {}
    _, pending = decide([], judged(), {DEPTH: NOW}, NOW + lasting, next_id())
    assert pending == {}


def test_an_alert_ends_when_its_cause_has_been_away_for_a_while() -> None:
    one = firing("open-breaker", "alpha", seen_at=NOW)
    assert decide([one], judged(), {}, NOW + QUIET - timedelta(seconds=1), next_id())[0] == []
    (over,), _ = decide([one], judged(), {}, NOW + QUIET, next_id())
    assert (over.step, over.alert.state, over.alert.resolved_at) == (Step.RESOLVED, AlertState.RESOLVED, NOW + QUIET)
    assert over.alert.value == one.value


def test_what_a_person_mended_ends_at_once() -> None:
    assert [change.step for change in decide([firing("exhausted-retries")], judged(), {}, NOW, next_id())[0]] == [Step.RESOLVED]


def test_an_alert_of_whoever_is_held_stays_as_it_is() -> None:
    one = firing("open-breaker", "alpha", seen_at=ago(days=3))
    assert decide([one], judged(held=BREAKER), {}, NOW, next_id())[0] == []
    assert decide([], judged(held=BREAKER), {}, NOW, next_id()) == ([], {})


def test_whoever_took_it_keeps_it_while_it_is_seen() -> None:
    taken = firing("depth", value="0", acknowledged_at=ago(minutes=5), acknowledged_by=Operator("op-anne", "Anne Example"))
    (seen,), _ = decide([taken], judged(DEPTH), {}, NOW, next_id())
    assert seen.alert.acknowledged_by == taken.acknowledged_by


def test_a_partner_that_flaps_every_minute_rings_once() -> None:
    alerts: list[Alert] = []
    rung, pending, now = 0, {}, NOW
    for minute in range(240):
        now = NOW + timedelta(minutes=minute)
        changes, pending = decide(alerts, judged(BREAKER) if minute % 2 else judged(), pending, now, next_id())
        rung += sum(change.step is not Step.SEEN for change in changes)
        alerts = applied(alerts, changes)
    assert rung == 1
    (over,), _ = decide(alerts, judged(), {}, now + QUIET, next_id())
    assert over.step is Step.RESOLVED


def applied(alerts: list[Alert], changes: list[Change]) -> list[Alert]:
    """What fires after these changes."""
    kept = {(one.rule, one.subject): one for one in alerts}
    for change in changes:
        key = (change.alert.rule, change.alert.subject)
        assert (key in kept) is (change.step is not Step.RAISED)
        kept[key] = change.alert
    return [one for one in kept.values() if one.state is AlertState.FIRING]


KEYS = st.sampled_from([(rule, subject) for rule in RULES for subject in ("C05", "alpha")])


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.sets(KEYS, max_size=5), st.integers(0, 1500)), max_size=20))
def test_raised_and_resolved_alternate_and_the_same_moment_twice_changes_nothing(moments: list[tuple[set[Key], int]]) -> None:
    alerts: list[Alert] = []
    pending, now, steps = {}, NOW, dict[Key, list[Step]]()
    for keys, seconds in moments:
        now += timedelta(seconds=seconds)
        changes, pending = decide(alerts, judged(*keys), pending, now, next_id())
        for change in changes:
            if change.step is not Step.SEEN:
                steps.setdefault((change.alert.rule, change.alert.subject), []).append(change.step)
        alerts = applied(alerts, changes)
        again = decide(alerts, judged(*keys), pending, now, next_id())
        assert again == ([], pending)
    for taken in steps.values():
        assert taken == [(Step.RAISED, Step.RESOLVED)[place % 2] for place in range(len(taken))]
