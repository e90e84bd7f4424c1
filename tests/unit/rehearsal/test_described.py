"""A language that an adapter reads and writes: own ids are met and said in it, and nothing else is taken for one."""

import json
from datetime import UTC, datetime

import pytest

from adapters.agencies.declarative.adapter import load
from adapters.agencies.flatfile.adapter import FlatFileAdapter
from adapters.contract import Adapter, Outgoing
from gateway.rehearsal.described import DescribedLanguage
from gateway.rehearsal.languages import Language
from gateway.rehearsal.shapes import objections
from schemas.envelope import Entry, Message
from schemas.identifiers import MessageId, PartyCode
from tests.support.routing import contact
from tests.support.tree import ROOT

DESCRIBED = [load((ROOT / f"partners/dialects/{name}.yaml").read_text(encoding="utf-8")) for name in ("caseflow", "flatfile")]
each = pytest.mark.parametrize("adapter", [FlatFileAdapter(), *DESCRIBED], ids=lambda adapter: adapter.dialect)


def sent(adapter: Adapter, own: str) -> bytes:
    """A contact for a partner that calls the record so."""
    language = DescribedLanguage(adapter)
    message = json.loads(contact("N00", "C05", contact_id="77", action="UPD", notes="~not-an-id"))
    document = language.form.write(json.dumps(message).encode())
    (entry,) = adapter.read(document).entries
    assert isinstance(entry, Entry)
    outgoing = Outgoing(
        sender=PartyCode("N00"),
        recipient=PartyCode("C05"),
        control_reference="77",
        answers=None,
        version="0-9-14",
        prepared_at=datetime(2026, 11, 23, tzinfo=UTC),
        own_ids={("contact", "77"): own},
    )
    return adapter.write(Message(MessageId("m-1"), entry.header, entry.payload), outgoing).content


@each
def test_a_record_that_goes_by_its_own_id_is_known_by_it(adapter: Adapter) -> None:
    language: Language = DescribedLanguage(adapter)
    assert language.form is not None
    document = sent(adapter, "visit-4711")
    assert b"~visit-4711" in document
    said = language.form.read(document)["document"]
    assert isinstance(said, dict)
    facts = language.facts("Contact", said)
    assert (facts.key, facts.objection) == ("~visit-4711", "")
    assert said["notes"] == "~not-an-id"


@each
def test_what_it_sends_names_records_by_own_ids_where_it_has_them(adapter: Adapter) -> None:
    form = DescribedLanguage(adapter).form
    own = form.write(contact("C05", "N00", contact_id="~visit-4711", event_id="~sentence-1", notes="~not-an-id"))
    (entry,) = adapter.read(own).entries
    assert isinstance(entry, Entry)
    assert {(named.place, named.own_id) for named in entry.own_ids} == {(("contact_id",), "visit-4711"), (("event_id",), "sentence-1")}
    assert entry.payload.model_dump()["notes"] == "~not-an-id"


@pytest.mark.parametrize(("agreed", "objected"), [(True, False), (False, True)])
def test_a_careful_system_takes_own_ids_only_where_it_has_them(agreed: bool, objected: bool) -> None:
    content = json.loads(contact("N00", "C05", contact_id="~visit-4711"))
    assert bool(list(objections("canonical", content["header"], content["document"], own_ids=agreed))) is objected
    content["document"]["contact_type"] = "~visit-4711"
    assert list(objections("canonical", content["header"], content["document"], own_ids=agreed))
