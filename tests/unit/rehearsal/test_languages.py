"""The simulated partners read every message type, each in its own language, and understand the same."""

import json
from pathlib import Path

import pytest

from gateway.rehearsal import interchange
from gateway.rehearsal.case_system import CaseSystem
from gateway.rehearsal.jose import PartnerKey, PublishedKeys
from gateway.rehearsal.journal import Journal, Noted
from gateway.rehearsal.languages import Answering, CanonicalLanguage, CaseflowLanguage
from gateway.rehearsal.record_names import RECORD_NAMES
from schemas.catalogue import CATALOGUE, KEYS
from schemas.receipts import Stage, from_claims
from tests.support.dialects import VECTORS
from tests.support.mutations_json import json_bases
from tests.support.mutations_xml import xml_bases
from tests.support.partners import AUDIENCE, IDENTITY, GatewayVoice

_FORMS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((VECTORS.parent / "caseflow/plain").glob("*.json"))}
_each_vector = pytest.mark.parametrize("stem", sorted(_FORMS))
_CASEFLOW, _CANONICAL = CaseflowLanguage(), CanonicalLanguage()


def test_every_type_is_known() -> None:
    assert set(RECORD_NAMES) == set(CATALOGUE)
    assert {kind: name.canonical for kind, name in RECORD_NAMES.items() if kind in KEYS} == dict(KEYS)


@_each_vector
def test_each_language_tells_the_same(stem: str) -> None:
    form = _FORMS[stem]
    kind = form["header"]["type"]
    theirs = _CASEFLOW.facts(kind, form["document"])
    canonical = json.loads(json_bases()[f"{stem}/1"])
    assert _CANONICAL.facts(kind, canonical["document"]) == theirs
    (message,) = interchange.read(xml_bases()[stem]).messages
    assert (message.type, message.case, message.key, message.named) == (kind, theirs.case, theirs.key, theirs.version)
    assert theirs.objection == ""
    assert bool(theirs.key) == bool(RECORD_NAMES[kind].element)


@_each_vector
def test_a_caseflow_system_applies_each_once_and_receipts_it(stem: str, tmp_path: Path) -> None:
    form = _FORMS[stem]
    receipt, journal = _taken(tmp_path, form)
    assert receipt == (Stage.APPLIED, "")
    (applied,) = journal.entries(Noted.APPLIED)
    assert (applied.text("type"), applied.text("case")) == (form["header"]["type"], form["document"].get("caseNo", ""))
    assert bool(applied.text("version")) == bool(RECORD_NAMES[form["header"]["type"]].element)
    journal.close()


@pytest.mark.parametrize(
    ("stem", "changes", "why"),
    [
        ("Event-ins-full", {"sentenceRef": "CF-ENT-5"}, "The record is not named as records of its kind are here."),
        ("UPWDetails-ins-full", {"hoursRef": None}, "The record is not named as records of its kind are here."),
        ("Contact-del-reduced", {"recordRef": "CF-ADR-5"}, "The record is not named as records of its kind are here."),
        ("PSSRequirement-ins-full", {"caseNo": "Z000001"}, "No such case is held here."),
    ],
)
def test_what_it_cannot_place_is_not_applied(stem: str, changes: dict[str, object], why: str, tmp_path: Path) -> None:
    form = _FORMS[stem]
    receipt, journal = _taken(tmp_path, form | {"document": form["document"] | changes})
    assert receipt == (Stage.NOT_APPLIED, why)
    assert [entry.text("reason") for entry in journal.entries(Noted.NOT_APPLIED)] == [why]
    journal.close()


def test_a_type_that_nobody_told_it_of_is_not_applied(tmp_path: Path) -> None:
    form = _FORMS["Contact-ins-full"]
    receipt, journal = _taken(tmp_path, form | {"header": form["header"] | {"type": "Quill"}})
    assert receipt == (Stage.NOT_APPLIED, "Nothing of this kind is kept here.")
    journal.close()


def _taken(tmp_path: Path, form: dict[str, object]) -> tuple[tuple[Stage, str], Journal]:
    """What its receipt says, and its journal."""
    key, journal, voice = PartnerKey.generate(), Journal(tmp_path / "c14.jsonl"), GatewayVoice()
    header = form["header"]
    assert isinstance(header, dict)
    system = CaseSystem(IDENTITY, key, _CASEFLOW, Answering(provider="C14", user="Quill,Marlow"), journal)
    taken = system.take(voice.message(form | {"header": header | {"recipients": [IDENTITY.party]}}), voice.keys())
    assert (taken.answer is not None) == (header["type"] == "ConsolidatedTransferRequest")
    receipt = from_claims(PublishedKeys({"keys": [key.jwk]}).open(taken.receipt, kind="receipt", audience=AUDIENCE).claims())
    return (receipt.stage, receipt.fault.detail if receipt.fault else ""), journal
