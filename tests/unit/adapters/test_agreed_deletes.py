"""Every dialect that writes messages writes a delete in the form that the recipient agreed to."""

from dataclasses import replace

import pytest

from adapters.catalogue import DIALECTS, POINTING
from schemas.canonical.case import Deletion
from schemas.catalogue import KEYS
from schemas.envelope import Action, Message
from schemas.faults import FaultCode, Refusal
from schemas.identifiers import MessageId
from tests.support.dialects import outgoing, taken, vector

WRITING = sorted(DIALECTS.keys() - POINTING)
_SAMPLES = ["Contact-upd-min", "CustodyRelease-ins-full", "Event-ins-full"]


def _deleted(sample: str) -> Message:
    (entry,) = DIALECTS["ndelius"].read(vector(f"plain/{sample}.xml")).entries
    header = replace(entry.header, action=Action.DELETE)  # type: ignore[union-attr]
    return Message(MessageId("0197a3c0-0000-7000-8000-000000000000"), header, taken(entry))


@pytest.mark.parametrize("sample", _SAMPLES)
@pytest.mark.parametrize("dialect", WRITING)
def test_the_key_alone_where_that_is_agreed(dialect: str, sample: str) -> None:
    message = _deleted(sample)
    written = DIALECTS[dialect].write(message, outgoing(reduced_deletes=True))
    payload = taken(DIALECTS[dialect].read(written.content).entries[0])
    assert isinstance(payload, Deletion)
    assert payload.record_id == getattr(message.payload, KEYS[message.header.type])
    assert "/payload/offender_id" in {item.pointer for item in written.left_out}


@pytest.mark.parametrize("dialect", WRITING)
def test_a_key_alone_for_a_recipient_of_whole_records_is_refused(dialect: str) -> None:
    whole = _deleted("Contact-upd-min")
    short = DIALECTS["canonical"].write(whole, outgoing(reduced_deletes=True)).content
    message = replace(whole, payload=taken(DIALECTS["canonical"].read(short).entries[0]))
    with pytest.raises(Refusal) as caught:
        DIALECTS[dialect].write(message, outgoing(reduced_deletes=False))
    assert caught.value.fault.code is FaultCode.NOT_TRANSLATABLE


@pytest.mark.parametrize("dialect", WRITING)
def test_the_whole_record_where_nothing_is_agreed(dialect: str) -> None:
    written = DIALECTS[dialect].write(_deleted("Contact-upd-min"), outgoing())
    assert not isinstance(taken(DIALECTS[dialect].read(written.content).entries[0]), Deletion)
