"""What a mapping carries comes back, in every form, and what it does not is named."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.agencies.declarative.adapter import DescribedAdapter
from adapters.agencies.declarative.samples import example, outgoing_of, samples
from schemas.catalogue import CATALOGUE
from schemas.envelope import Entry, Message
from schemas.faults import Refusal
from tests.support.declarative import assert_proved, compiled, whole_mapping
from tests.support.dialects import messages
from tests.support.mutations import MISSING

_RELAXED = settings(max_examples=25, deadline=None)
_FORMS = pytest.mark.parametrize("form", ["json", "xml", "csv"])


@cache
def _whole(form: str) -> DescribedAdapter:
    return compiled(whole_mapping(form))


@_FORMS
def test_messages_of_chance_come_back_whole(form: str) -> None:
    @given(messages())
    @_RELAXED
    def holds(message: Message) -> None:
        lost = assert_proved(_whole(form), message)
        unheaded = {"/header/application"} if message.header.application is not None else set()
        assert lost == (unheaded if form == "json" else set())

    holds()


@_FORMS
@pytest.mark.parametrize("kind", sorted(CATALOGUE))
def test_made_messages_come_back_whole(form: str, kind: str) -> None:
    adapter = _whole(form)
    assert assert_proved(adapter, *samples(kind, adapter.tables)) == set()


@_FORMS
@given(st.data())
@_RELAXED
def test_any_bytes_give_a_message_or_a_refusal(form: str, data: st.DataObject) -> None:
    adapter = _whole(form)
    message = example(data.draw(st.sampled_from(sorted(CATALOGUE))), adapter.tables)
    content = adapter.write(message, outgoing_of(message)).content
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 40)))
    put = data.draw(st.one_of(st.binary(max_size=6), st.sampled_from([b"", b'"', b"\n", b";", b"<", b"</one>", b"null", b"[]", b"\r\n", b"&#0;", b"@", b" "])))
    try:
        (entry,) = adapter.read(content[:start] + put + content[end:]).entries
    except Refusal:
        return
    assert isinstance(entry, Entry) or entry.faults


@_FORMS
def test_what_is_missing_is_told_at_its_place(form: str) -> None:
    adapter = _whole(form)
    message = example("Contact", adapter.tables)
    content = adapter.write(message, outgoing_of(message)).content
    gone, left = {"json": (b'"crn":"X123456",', b""), "xml": (b"<crn>X123456</crn>", b""), "csv": (b'"X123456"', b'""')}[form]
    assert content.count(gone) == 1
    (entry,) = adapter.read(content.replace(gone, left)).entries
    assert not isinstance(entry, Entry)
    wanted = {"json": "/document/crn", "xml": "/Letter/Contact/crn", "csv": "line 3, column 7 (crn)"}[form]
    assert [(fault.code, fault.pointer) for fault in entry.faults] == [(MISSING, wanted)]
