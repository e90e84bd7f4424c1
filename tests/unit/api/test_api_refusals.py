"""What an organisation may have refused in a minute: the arithmetic, and the doors that ask it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.api.refusals import Limit, Refusals
from gateway.exchange.results import Declined
from schemas.fault_codes import Blame
from schemas.faults import FAULTS, Fault, FaultCode, Refusal
from schemas.identifiers import OrganisationId
from tests.support.api import JWS, NDELIUS, NORTH, RECEIPT, SOUTH, Caller, House, accepted, settings_for
from tests.unit.api.test_api_callers import CERTIFICATE, tls_key

NOT_OURS = Fault(FaultCode.RECEIPT_NOT_OURS)
OTHER = OrganisationId("other")
steps = st.lists(st.floats(0, 90, allow_nan=False), max_size=120)


def is_open(refusals: Refusals, organisation: OrganisationId, now: float) -> bool:
    try:
        refusals.require(organisation, now)
    except Refusal as refusal:
        return refusal.fault.code is not FaultCode.RATE_LIMITED
    return True


@settings(max_examples=60, deadline=None)
@given(per_minute=st.integers(1, 40), gaps=steps)
def test_no_more_are_let_through_than_were_there_and_came_back(per_minute: int, gaps: list[float]) -> None:
    refusals, now, through = Refusals(per_minute), 1000.0, list[float]()
    for gap in gaps:
        now += gap
        if is_open(refusals, NORTH, now):
            refusals.charge(NORTH, NOT_OURS, now)
            through.append(now)
        assert is_open(refusals, OTHER, now), "another organisation never notices"
    for first, began in enumerate(through):
        for last, ended in enumerate(through[first:], 1):
            assert last <= per_minute + (ended - began) * per_minute / 60 + 1e-6
    assert is_open(refusals, NORTH, now + 60.0), "nobody waits for longer than a minute"


@settings(max_examples=60, deadline=None)
@given(per_minute=st.integers(1, 40), moves=st.lists(st.tuples(st.floats(-90, 90, allow_nan=False), st.booleans()), max_size=60))
def test_a_bucket_is_never_more_than_full_nor_less_than_empty(per_minute: int, moves: list[tuple[float, bool]]) -> None:
    limit, now = Limit(per_minute), 1000.0
    bucket = limit.full(now)
    for gap, refused in moves:
        now += gap
        bucket = limit.charged(bucket, now) if refused else limit.filled(bucket, now)
        assert 0 <= bucket.left <= per_minute


@pytest.mark.parametrize("code", list(FaultCode))
def test_only_what_the_sender_has_to_mend_costs_anything(code: FaultCode) -> None:
    refusals = Refusals(1)
    refusals.charge(NORTH, Fault(code), 0.0)
    row = FAULTS[code]
    assert is_open(refusals, NORTH, 0.0) is (row.retry or row.blame is not Blame.SENDER)


def test_nought_is_no_limit_and_nobody_is_not_asked() -> None:
    boundless, bounded = Refusals(0), Refusals(1)
    for _ in range(100):
        boundless.charge(NORTH, NOT_OURS, 0.0)
        bounded.charge(None, NOT_OURS, 0.0)
    boundless.require(NORTH, 0.0)
    bounded.require(None, 0.0)


def test_a_proven_sender_is_charged_before_whom_the_door_knows() -> None:
    refusals = Refusals(1)
    refusals.note(Declined(fault=NOT_OURS, organisation=NORTH), NDELIUS, 0.0)
    refusals.note(Declined(fault=NOT_OURS, receipt=RECEIPT, organisation=SOUTH), SOUTH, 0.0)
    refusals.note(accepted(), SOUTH, 0.0)
    assert [is_open(refusals, one, 0.0) for one in (NORTH, NDELIUS, SOUTH)] == [False, True, True]


# -- through the doors --------------------------------------------------------------------------------------


def house(**changed: Any) -> House:
    return House(settings_for(refusals_per_minute=3, max_body_bytes=1024), **changed)


def statuses(caller: Caller, organisation: OrganisationId, times: int, **given_: Any) -> list[int]:
    return [caller.post_jws(organisation, **given_).status_code for _ in range(times)]


def test_a_flood_of_unreceipted_refusals_slows_its_own_organisation_alone() -> None:
    place = house()
    place.intake.answer = lambda submission: Declined(fault=NOT_OURS) if submission.peer == NORTH else accepted()
    with place.open() as caller:
        status = FAULTS[FaultCode.RECEIPT_NOT_OURS].http
        assert statuses(caller, NORTH, 5) == [status] * 3 + [429] * 2
        assert statuses(caller, SOUTH, 5) == [202] * 5
        assert len([one for one in place.intake.submitted if one.peer == NORTH]) == 3
        answer = caller.post_jws(NORTH)
        assert (answer.json()["code"], answer.json()["retry"], "retry-after" in answer.headers) == ("rate-limited", True, True)
        assert place.telemetry.registry.get_sample_value("gateway_refusals_total", {"door": "https", "fault": "rate-limited"}) == 3
        place.now += timedelta(seconds=20)
        assert statuses(caller, NORTH, 2) == [status, 429]


def test_the_body_of_whoever_used_it_up_is_not_read() -> None:
    place = house()
    place.intake.answer = lambda _: Declined(fault=NOT_OURS)
    with place.open() as caller:
        statuses(caller, NORTH, 3)
        assert caller.post_jws(NORTH, body=b"x" * 5000).status_code == 429, "its size is not even looked at"


def test_refusals_with_a_receipt_and_our_own_mistakes_slow_nobody() -> None:
    place = house()
    with place.open() as caller:
        for declined in (Declined(fault=Fault(FaultCode.STRUCTURE_INVALID), receipt=RECEIPT), Declined(fault=Fault(FaultCode.INTERNAL_ERROR))):
            place.intake.answer = lambda _, declined=declined: declined  # type: ignore[misc]
            assert 429 not in statuses(caller, NORTH, 9)


def test_what_never_reached_the_pipeline_is_counted_too() -> None:
    with house().open() as caller:
        assert [caller.post_jws(NORTH, body=b"x" * 2000).status_code for _ in range(2)] == [413, 413]
        assert caller.post_jws(NORTH, content_type="text/plain").status_code == 415
        assert caller.post_jws(NORTH).status_code == 429
        assert caller.post_jws(NORTH, "/v1/mailbox/d1/receipt").status_code == 429
        assert caller.send(NORTH, "GET", "/v1/mailbox").status_code == 200, "collecting goes on"


@pytest.mark.parametrize("known", [True, False], ids=["by certificate", "by nothing"])
def test_over_soap_a_certificate_tells_whose_flood_it_is_and_an_address_never(known: bool) -> None:
    place = house()
    place.people = replace(place.people, keyring=type(place.people.keyring).of([tls_key(NDELIUS)]))
    place.peer_certificate = CERTIFICATE if known else None
    place.intake.answer = lambda _: Declined(fault=Fault(FaultCode.SIGNATURE_NOT_ACCEPTED), proven=False)
    with place.open() as caller:
        answers = [caller.http.post("/spg", content=JWS, headers={"Content-Type": "text/xml"}).text for _ in range(5)]
    assert ["rate-limited" in text for text in answers] == ([False] * 3 + [True] * 2 if known else [False] * 5)
