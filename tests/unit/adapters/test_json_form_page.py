"""docs/protocol/json-form.md: its examples are read, and what it says of absent, null and empty is so."""

import json
import re

import pytest

from adapters.agencies.canonical.adapter import CanonicalAdapter
from schemas.canonical.case import CaseRecord, Deletion
from schemas.catalogue import ANSWERING, CATALOGUE, KEYS
from schemas.envelope import Entry, Misread
from tests.support.tree import ROOT

PAGE = (ROOT / "docs/protocol/json-form.md").read_text(encoding="utf-8")
HEADER, DELETION = (json.loads(text) for text in re.findall(r"^```json\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE))
ADDRESS = json.loads((ROOT / "docs/examples/address-canonical.json").read_text(encoding="utf-8"))


def _entry(form: object) -> Entry | Misread:
    (entry,) = CanonicalAdapter().read(json.dumps(form).encode()).entries
    return entry


def _deletion(kind: str) -> object:
    return {"header": HEADER["header"] | {"message_id": "1", "type": kind, "action": "DEL"}, "document": DELETION}


@pytest.mark.parametrize("kind", KEYS)
def test_delete_by_key_is_read_for_every_record(kind: str) -> None:
    entry = _entry(_deletion(kind))
    assert isinstance(entry, Entry)
    assert isinstance(entry.payload, Deletion)


def test_transfers_have_no_such_form() -> None:
    assert isinstance(_entry(_deletion("ConsolidatedTransferRequest")), Misread)


@pytest.mark.parametrize(
    ("stated", "code"),
    [({"start_date": None}, "element-missing"), ({"county": ""}, "value-invalid")],
)
def test_what_is_refused_as_empty(stated: dict[str, object], code: str) -> None:
    entry = _entry({**ADDRESS, "document": ADDRESS["document"] | stated})
    assert isinstance(entry, Misread)
    assert [fault.code.value for fault in entry.faults] == [code]


def test_absent_and_null_are_kept_apart() -> None:
    without = {name: value for name, value in ADDRESS["document"].items() if name != "county"}
    absent, null = _entry({**ADDRESS, "document": without}), _entry({**ADDRESS, "document": without | {"county": None}})
    assert isinstance(absent, Entry)
    assert isinstance(null, Entry)
    assert null.payload.model_fields_set - absent.payload.model_fields_set == {"county"}


def test_table_tells_what_types_ask_of_the_header() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*)\|$", PAGE, flags=re.MULTILINE))
    assert [kind for kind, model in CATALOGUE.items() if not issubclass(model, CaseRecord) and kind not in rows["action"]] == []
    assert [kind for kind in ANSWERING if kind not in rows["in_reply_to"]] == []
    assert f"{len(CATALOGUE)} message types" in PAGE
