"""The page of domain events shows an event as it is written, and lists every one that there is."""

import json
import re
from dataclasses import replace

from adapters.agencies.domain_events.adapter import DomainEventsAdapter
from adapters.agencies.domain_events.events import EVENTS
from schemas.envelope import Action
from schemas.messages.contact import Contact
from tests.support.dialects import message, outgoing
from tests.support.tree import ROOT
from tests.support.world import contact_document

_PAGE = ROOT / "docs/partners/domain-events.md"
_ROW = re.compile(r"^\| (\w+) \| `(\w+)` \| `([^`]+)` \| (.+) \|$", re.MULTILINE)


def _event() -> dict[str, object]:
    made = message(Contact.model_validate_json(json.dumps(contact_document("X000001", "Made up."))))
    made = replace(made, header=replace(made.header, action=Action.INSERT))
    facts = outgoing(
        detail_url="https://gateway.example/v1/deliveries/01902d3a-0000-7000-8000-000000000009/detail",
        detail_digest="sha-256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
    )
    return json.loads(DomainEventsAdapter().write(made, facts).content)


def test_the_example_is_what_the_gateway_writes() -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", _PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert json.loads(shown) == _event()
    assert list(json.loads(shown)) == list(_event())


def test_the_list_is_whole() -> None:
    listed = _ROW.findall(_PAGE.read_text(encoding="utf-8"))
    assert listed == [(kind, action.value, name.event_type, name.description) for (kind, action), name in EVENTS.items()]


def test_every_member_is_told() -> None:
    event = _event()
    members = {*event, *event["additionalInformation"]} - {"additionalInformation"}  # type: ignore[misc]
    text = _PAGE.read_text(encoding="utf-8")
    told = {name for line in text.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert members == told
