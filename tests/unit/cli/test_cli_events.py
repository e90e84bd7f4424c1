"""Events on the command line: shown offline, onboarded, and looked at by the doctor."""

import json
from pathlib import Path

import pytest

from tests.support.operators import Installation

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "address-canonical.json"
OUTBOUND = {"dialect": "domain-events", "version": "0-9-14", "packaging": "jws", "mode": "push", "endpoint": "https://alder.example/events"}
PROFILE = {
    "organisation": {"id": "alder", "name": "Alder (fictional)"},
    "parties": [{"code": "C05", "name": "Alder", "outbound": {**OUTBOUND, "detail_dialect": "caseflow"}}],
}


def doctor(desk: Installation) -> tuple[str, str]:
    listed = desk.run("doctor", "--json").json["checks"]
    assert isinstance(listed, list)
    (found,) = [one for one in listed if one["name"] == "details"]
    return found["state"], found["remedy"]


def test_an_event_can_be_looked_at_offline(desk: Installation) -> None:
    said = desk.run("translate", "--from", "canonical", "--to", "domain-events", str(EXAMPLE))
    assert said.code == 0, said.err
    event, message = json.loads(said.out), json.loads(EXAMPLE.read_text())
    assert event["eventType"].startswith("probation-case.address.")
    assert event["detailUrl"].startswith("https://gateway.example/v1/deliveries/")
    assert event["personReference"]["identifiers"] == [{"type": "CRN", "value": message["document"]["crn"]}]


def test_no_event_is_read(desk: Installation) -> None:
    said = desk.run("translate", "--from", "domain-events", "--to", "canonical", str(EXAMPLE))
    assert said.code == 10
    assert "type-unknown" in said.err


def test_a_consumer_of_events_is_onboarded_and_the_doctor_asks_whether_it_can_reach_us(desk: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor(desk)[0] == "skipped"
    said = desk.ask("partner", "apply", desk.write("alder.json", PROFILE), "--yes")
    assert said["missing"] == [
        "C05 fetches details but has no valid key to call with (use auth).",
        "C05 owes receipts for its events, but nothing is agreed for what it sends (inbound).",
    ]
    state, remedy = doctor(desk)
    assert (state, "public_url" in remedy) == ("warning", True)
    monkeypatch.setenv("GATEWAY_PUBLIC_URL", "https://gateway.example")
    assert doctor(desk) == ("ok", "")


def test_events_without_a_language_for_details_are_refused(desk: Installation) -> None:
    without = {**PROFILE, "parties": [{"code": "C05", "name": "Alder", "outbound": OUTBOUND}]}
    said = desk.run("partner", "apply", desk.write("alder.json", without), "--yes", "--json")
    assert said.code != 0
    assert "detail_dialect" in said.err
    assert "canonical" in said.err
