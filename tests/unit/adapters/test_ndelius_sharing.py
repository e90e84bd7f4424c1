"""Payloads of one interchange share what is the same in them, and say the same as before."""

import tracemalloc

import pytest

from adapters.agencies.ndelius.interchange import read_interchange
from adapters.agencies.ndelius.sharing import Shared
from adapters.agencies.ndelius.writing import write_interchange
from schemas.messages.contact import Contact
from schemas.payload import Payload
from tests.support.dialects import VECTORS, message, outgoing, taken, vector

_SAMPLES = sorted(path.name for path in (VECTORS / "plain").glob("*.xml") if not path.name.startswith("SPGInterchangeResponse"))


def _payloads(count: int) -> list[Payload]:
    one = message(taken(read_interchange(vector("plain/Contact-ins-full.xml")).entries[0]))
    return [taken(entry) for entry in read_interchange(write_interchange([one] * count, outgoing()).content).entries]


@pytest.mark.parametrize("name", _SAMPLES)
def test_nothing_is_changed(name: str) -> None:
    """Not a value, not its type, not what was stated and what was not, however deep."""
    shared = Shared()
    for entry in read_interchange(vector(f"plain/{name}")).entries:
        payload = taken(entry)
        for made in (shared.taken(payload), shared.taken(payload)):
            assert made == payload
            assert made.model_fields_set == payload.model_fields_set
            assert made.model_dump_json(exclude_unset=True) == payload.model_dump_json(exclude_unset=True)
            assert repr(made) == repr(payload)


def test_what_is_the_same_is_held_once() -> None:
    second, third = _payloads(3)[1:]
    assert isinstance(second, Contact)
    assert isinstance(third, Contact)
    assert (second == third, second is third) == (True, False)
    assert second.contact_type is third.contact_type
    assert second.model_fields_set is third.model_fields_set


def test_stated_as_empty_is_not_the_same_as_not_stated() -> None:
    shared = Shared()
    payload = _payloads(1)[0]
    said = payload.model_copy(update={"notes": None})
    without = type(payload).model_construct(payload.model_fields_set - {"notes"}, **dict(said))
    assert said == shared.taken(said)
    assert "notes" in shared.taken(said).model_fields_set
    assert "notes" not in shared.taken(without).model_fields_set


def test_many_messages_take_less_memory() -> None:
    tracemalloc.start()
    try:
        kept = _payloads(500)
        per_message = tracemalloc.get_traced_memory()[0] / len(kept)
    finally:
        tracemalloc.stop()
    assert per_message < 3000, "each used to take 5600 bytes"
