"""Events: one for every type and action, thin, and the same for everybody."""

import datetime
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from adapters.agencies.domain_events.adapter import DomainEventsAdapter
from adapters.agencies.domain_events.events import EVENTS
from adapters.agencies.domain_events.schema import event_schema
from schemas.catalogue import ACTIONS
from schemas.envelope import Action, Message
from schemas.faults import FaultCode, Refusal
from schemas.messages.contact import Contact
from tests.support.dialects import flat, message, messages, messages_of, outgoing, outgoing_for
from tests.support.world import contact_document

ADAPTER = DomainEventsAdapter()
URL = "https://gateway.example/v1/deliveries/01902d3a-0000-7000-8000-000000000009/detail"
DIGEST = "sha-256:" + "ab" * 32
_RELAXED = settings(max_examples=60, deadline=None)
_SHORTEST_TELLING = 5
"""Shorter values stand in any text by chance."""
_OURS = frozenset(
    {
        *("/eventType", "/version", "/occurredAt", "/publishedAt", "/description", "/detailUrl", "/personReference/identifiers/0/type"),
        *(f"/additionalInformation/{name}" for name in ("messageId", "controlReference", "sender", "recipient", "test", "detailDigest")),
    }
)
"""Places of an event that hold nothing of a person."""


def event(made: Message, **changes: object) -> dict[str, Any]:
    return json.loads(written(made, **changes))


def written(made: Message, **changes: object) -> bytes:
    return ADAPTER.write(made, outgoing_for(made, **({"detail_url": URL, "detail_digest": DIGEST} | changes))).content


@pytest.fixture
def one() -> Message:
    payload = Contact.model_validate_json(json.dumps(contact_document("X000001", "Made up.")))
    return message(payload, action=Action.UPDATE, test=True)


def test_an_event_says_what_happened_and_where_the_detail_is(one: Message) -> None:
    assert event(one) == {
        "eventType": "probation-case.contact.updated",
        "version": 1,
        "occurredAt": "2020-07-01T09:30:00.005000Z",
        "publishedAt": "2020-07-01T09:30:00.005000Z",
        "description": "A contact was updated.",
        "detailUrl": URL,
        "personReference": {"identifiers": [{"type": "CRN", "value": "X000001"}]},
        "additionalInformation": {
            "messageId": one.message_id,
            "controlReference": one.header.control_reference,
            "sender": "N00",
            "recipient": "C05",
            "test": True,
            "detailDigest": DIGEST,
        },
    }


def test_times_are_those_of_the_sender_and_of_this_delivery(one: Message) -> None:
    later = datetime.datetime(2020, 7, 2, 1, 2, 3, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
    told = event(one, prepared_at=later)
    assert (told["occurredAt"], told["publishedAt"]) == ("2020-07-01T09:30:00.005000Z", "2020-07-02T00:02:03Z")


def test_an_agreement_may_have_the_case_unnamed(one: Message) -> None:
    told = written(one, name_case=False)
    assert b"X000001" not in told
    assert "personReference" not in json.loads(told)


def test_every_type_and_action_has_an_event_of_its_own() -> None:
    assert set(EVENTS) == {(kind, action) for kind, actions in ACTIONS.items() for action in actions}
    assert len({name.event_type for name in EVENTS.values()}) == len(EVENTS)
    assert len({name.description for name in EVENTS.values()}) == len(EVENTS)
    for name in EVENTS.values():
        assert re.fullmatch(r"probation-(case|gateway)(\.[a-z0-9]+(-[a-z0-9]+)*){2}", name.event_type), name
        assert re.fullmatch(r"[A-Z][A-Za-z0-9() -]+ (was|were) [a-z]+\.", name.description), name


@pytest.mark.parametrize(("kind", "action"), EVENTS)
@given(data=st.data())
@settings(max_examples=1, deadline=None)
def test_every_message_can_be_told(kind: str, action: Action, data: st.DataObject) -> None:
    made = data.draw(messages_of(kind))
    told = event(replace(made, header=replace(made.header, action=action)))
    assert told["eventType"] == EVENTS[kind, action].event_type
    assert ("personReference" in told) == (made.header.case_reference is not None)


@given(made=messages())
@_RELAXED
def test_of_a_person_an_event_tells_the_case_number_and_nothing_else(made: Message) -> None:
    told = [str(value) for where, value in flat(event(made), "") if where not in _OURS]
    assert told == ([] if made.header.case_reference is None else [made.header.case_reference])
    event_name = EVENTS[made.header.type, made.header.action]
    fixed = {URL, DIGEST, "2020-07-01T09:30:00.005000Z", event_name.event_type, event_name.description, made.message_id, made.header.control_reference, *told}
    rest = written(made).decode()
    for value in fixed:
        rest = rest.replace(value, "")
    held = {str(value) for _, value in flat(made.payload.model_dump(mode="json", exclude_unset=True)) if value is not None}
    assert not [value for value in held if len(value) >= _SHORTEST_TELLING and value in rest]


@given(data=st.data(), kind=st.sampled_from(sorted(ACTIONS)))
@_RELAXED
def test_what_a_message_says_changes_nothing_of_its_event(data: st.DataObject, kind: str) -> None:
    """The strongest form of the same: two messages that differ in what they say of a person give one event."""
    first, second = data.draw(messages_of(kind)), data.draw(messages_of(kind))
    assert written(first) == written(replace(first, payload=second.payload))


VALIDATOR = Draft202012Validator(event_schema())


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(event_schema())


@given(made=messages(), digest=st.just(DIGEST), name_case=st.booleans())
@_RELAXED
def test_every_event_is_as_the_schema_says(made: Message, digest: str, name_case: bool) -> None:
    assert not list(VALIDATOR.iter_errors(event(made, detail_digest=digest, name_case=name_case)))


@pytest.mark.parametrize("changes", [{"eventType": "probation-case.contact.lost"}, {"name": "Made,Up"}, {"detailUrl": "https://gateway.example/"}])
def test_the_schema_is_closed(one: Message, changes: dict[str, object]) -> None:
    assert not VALIDATOR.is_valid(event(one) | changes)
    assert VALIDATOR.is_valid(event(one))


def test_nothing_is_left_out(one: Message) -> None:
    assert ADAPTER.write(one, outgoing(detail_url=URL)).left_out == ()


def test_the_same_message_gives_the_same_bytes(one: Message) -> None:
    assert written(one) == written(one)


def test_without_a_place_for_the_detail_there_is_no_event(one: Message) -> None:
    with pytest.raises(Refusal) as caught:
        written(one, detail_url=None)
    assert caught.value.fault.code is FaultCode.NOT_TRANSLATABLE
    assert "detail_dialect" in caught.value.fault.detail


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"{", FaultCode.MALFORMED), (b'{"a":1,"a":2}', FaultCode.ELEMENT_REPEATED), (b"{}", FaultCode.TYPE_UNKNOWN)],
)
def test_nothing_is_read(content: bytes, code: FaultCode) -> None:
    with pytest.raises(Refusal) as caught:
        ADAPTER.read(content)
    assert caught.value.fault.code is code


def test_whoever_sends_a_message_is_told_what_to_send(one: Message) -> None:
    with pytest.raises(Refusal) as caught:
        ADAPTER.read(written(one))
    assert "receipt+jws" in caught.value.fault.detail
