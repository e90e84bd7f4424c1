"""A mapping can say what a dialect in Python says: equal documents, messages, losses and faults."""

import copy
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.agencies.caseflow.adapter import CaseflowAdapter
from adapters.agencies.caseflow.documents import SHAPES
from adapters.agencies.declarative.adapter import load
from adapters.contract import Document
from schemas.catalogue import CATALOGUE
from schemas.envelope import Action, Interchange, Message
from tests.support.declarative import faults, outcome, read, told
from tests.support.dialects import messages_of, outgoing_for
from tests.support.tree import ROOT

MAPPINGS = ROOT / "partners/dialects"
DESCRIBED = load((MAPPINGS / "caseflow.yaml").read_text(encoding="utf-8"))
WRITTEN = CaseflowAdapter()
_RELAXED = settings(max_examples=30, deadline=None)
_FEW = settings(max_examples=5, deadline=None)
Json = Any


def _assert_read_alike(content: bytes) -> None:
    by_hand, described = read(WRITTEN, content), read(DESCRIBED, content)
    wrong = told(faults(by_hand))
    # Both tell the same first; the described one goes on where the other ends.
    assert told(faults(described))[: len(wrong)] == wrong
    if not wrong:
        assert described == by_hand
        assert isinstance(described, Interchange)
        assert isinstance(by_hand, Interchange)
        said = [[entry.payload.model_dump(exclude_unset=True) for entry in found.entries] for found in (described, by_hand)]
        assert said[0] == said[1]


def _messages() -> st.SearchStrategy[Message]:
    return st.sampled_from(sorted(DESCRIBED.tables.messages)).flatmap(lambda kind: messages_of(kind, caseflow_codes=True))


def test_it_speaks_of_the_same_messages() -> None:
    assert set(DESCRIBED.tables.messages) == set(SHAPES) == set(CATALOGUE)


@given(_messages())
@_RELAXED
def test_documents_and_losses_are_equal(message: Message) -> None:
    by_hand, described = outcome(WRITTEN, message), outcome(DESCRIBED, message)
    assert isinstance(by_hand, Document)
    assert isinstance(described, Document)
    assert described.content == by_hand.content
    assert sorted(lost.pointer for lost in described.left_out) == sorted(lost.pointer for lost in by_hand.left_out)
    _assert_read_alike(by_hand.content)


@given(_messages(), st.booleans(), st.booleans())
@_RELAXED
def test_agreed_forms_are_equal(message: Message, reduced: bool, statuses: bool) -> None:
    outgoing = replace(outgoing_for(message), reduced_deletes=reduced, message_statuses=statuses)
    by_hand, described = outcome(WRITTEN, message, outgoing), outcome(DESCRIBED, message, outgoing)
    if isinstance(by_hand, Document):
        assert isinstance(described, Document)
        assert described.content == by_hand.content
        # Of a whole delete that goes out as its key, the described one also names what was stated as empty.
        more = {lost.pointer for lost in described.left_out} - {lost.pointer for lost in by_hand.left_out}
        assert {lost.pointer for lost in by_hand.left_out} <= {lost.pointer for lost in described.left_out}
        assert not more or (reduced and message.header.action is Action.DELETE)
    else:
        assert isinstance(described, tuple)
        assert told(described) == told(by_hand)


@pytest.mark.parametrize("kind", sorted(DESCRIBED.tables.messages.keys() | (CATALOGUE.keys() - SHAPES.keys())))
def test_whatever_cannot_be_said_is_refused_alike(kind: str) -> None:
    @given(messages_of(kind))
    @_FEW
    def holds(message: Message) -> None:
        by_hand, described = outcome(WRITTEN, message), outcome(DESCRIBED, message)
        if isinstance(by_hand, Document):
            assert isinstance(described, Document)
            assert described.content == by_hand.content
        else:
            assert isinstance(described, tuple)
            assert told(described) == told(by_hand)

    holds()


_WRONG: Sequence[Json] = (
    None,
    "",
    " ",
    "x",
    "Yes",
    "0",
    0,
    7,
    -1,
    True,
    1.5,
    [],
    {},
    ["x"],
    "CF-PER-0",
    "CF-ENT-NEW",
    "31/02/2020",
    "01/02/2020",
    "a:b",
    "\u0007",
)


def _places(value: Json, path: tuple[Json, ...] = ()) -> list[tuple[Json, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, inner in inside for place in _places(inner, (*path, name)))]


def _changed(form: Json, path: tuple[Json, ...], change: tuple[str, Json]) -> Json:
    whole = {"form": copy.deepcopy(form)}
    holder, last = whole, "form"
    for step in path:
        holder, last = holder[last], step
    how, wrong = change
    if how == "put":
        holder[last] = wrong
    elif how == "add" and isinstance(holder[last], dict):
        holder[last]["quill"] = wrong
    elif how == "drop" and path:
        del holder[last]
    return whole["form"]


_CHANGES = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(_WRONG)), st.tuples(st.just("add"), st.sampled_from(_WRONG)), st.tuples(st.just("drop"), st.none())
)


@given(_messages(), st.lists(st.tuples(st.integers(0, 10**6), _CHANGES), min_size=1, max_size=2))
@settings(max_examples=80, deadline=None)
def test_faults_of_changed_documents_are_equal(message: Message, changes: list[tuple[int, tuple[str, Json]]]) -> None:
    form = json.loads(WRITTEN.write(message, outgoing_for(message)).content)
    for number, change in changes:
        places = _places(form)
        form = _changed(form, places[number % len(places)], change)
        if not isinstance(form, dict):
            break
    _assert_read_alike(json.dumps(form, ensure_ascii=False).encode("utf-8", "surrogatepass"))
