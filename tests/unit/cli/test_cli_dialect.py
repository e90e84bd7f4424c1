"""`gateway dialect`: mappings checked, tried out and shown, without settings or store."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.agencies.declarative.adapter import load
from adapters.agencies.declarative.published import schema_text
from gateway.cli import app
from schemas.canonical.case import Deletion
from schemas.envelope import Entry
from tests.support.operators import PROFILE, Installation
from tests.support.tree import ROOT

CASEFLOW, FLATFILE = ROOT / "partners/dialects/caseflow.yaml", ROOT / "partners/dialects/flatfile.yaml"


def _run(*words: str, text: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["dialect", *words], input=text)
    return result.exit_code, result.stdout_bytes.decode(), result.stderr


def test_check_tells_what_is_carried_and_left_out() -> None:
    code, out, _ = _run("check", str(FLATFILE), "--json")
    told = json.loads(out)
    assert (code, told["schema"], told["dialect"], told["proved"]) == (0, "dialect-check/1", "flatfile-described", True)
    contact = next(one for one in told["types"] if one["type"] == "Contact")
    assert contact["way"] == "both"
    assert contact["messages"] > 9
    assert {one["pointer"] for one in contact["left_out"]} == {f"/payload/{name}/description" for name in ("contact_type", "enforcement_action", "outcome")}


def test_check_speaks_to_people_too() -> None:
    code, out, _ = _run("check", str(CASEFLOW))
    assert code == 0
    assert "left out: /payload/district: Caseflow's addresses have no district." in out


def test_every_mistake_has_its_line(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(CASEFLOW.read_text(encoding="utf-8").replace("of: crn", "of: cnr", 1).replace("title:", "titel:"), encoding="utf-8")
    code, _, err = _run("check", str(wrong), "--json")
    told = json.loads(err)
    assert (code, told["code"]) == (2, "mapping-invalid")
    assert any("titel: there is no such word here" in one for one in told["details"])
    wrong.write_text(CASEFLOW.read_text(encoding="utf-8").replace("of: crn", "of: cnr", 1), encoding="utf-8")
    _, _, err = _run("check", str(wrong), "--json")
    assert any("the message has no cnr" in one and one.startswith("line ") for one in json.loads(err)["details"])


def test_a_mapping_comes_from_standard_input() -> None:
    code, out, _ = _run("check", "-", "--json", text=CASEFLOW.read_text(encoding="utf-8"))
    assert (code, json.loads(out)["proved"]) == (0, True)


def test_examples_can_be_read_again() -> None:
    adapter = load(FLATFILE.read_text(encoding="utf-8"))
    code, out, _ = _run("example", str(FLATFILE), "Contact")
    (entry,) = adapter.read(out.encode()).entries
    assert (code, isinstance(entry, Entry)) == (0, True)
    _, short, _ = _run("example", str(FLATFILE), "Contact", "--deletion")
    (entry,) = adapter.read(short.encode()).entries
    assert isinstance(entry, Entry)
    assert isinstance(entry.payload, Deletion)


def test_what_a_language_does_not_have_has_no_example() -> None:
    assert _run("example", str(FLATFILE), "Quill")[0] == 3
    assert _run("example", str(FLATFILE), "OFFLOCRequest", "--deletion")[0] == 3
    assert _run("check", "no-such-file.yaml")[0] == 3


def test_an_agreement_may_name_a_described_language(desk: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    terms = {"dialect": "caseflow-described", "packaging": "jws"}
    parties = [{**PROFILE["parties"][0], "inbound": {**PROFILE["parties"][0]["inbound"], **terms}}]
    profile = json.dumps({**PROFILE, "parties": parties})
    refused = desk.run("partner", "apply", "-", "--dry-run", "--json", stdin=profile)
    assert (refused.code, refused.error["code"]) == (2, "dialect-unknown")
    monkeypatch.setenv("GATEWAY_DIALECTS_DIR", str(CASEFLOW.parent))
    assert desk.run("partner", "apply", "-", "--dry-run", "--json", stdin=profile).code == 0


def test_a_wrong_mapping_stops_what_needs_the_languages(desk: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "dialects"
    folder.mkdir()
    (folder / "wrong.yaml").write_text("dialect: wrong", encoding="utf-8")
    monkeypatch.setenv("GATEWAY_DIALECTS_DIR", str(folder))
    refused = desk.run("partner", "apply", "-", "--dry-run", "--json", stdin=json.dumps(PROFILE))
    assert (refused.code, refused.error["code"]) == (2, "settings-invalid")
    assert "wrong.yaml: line 1: title: it has to be here" in str(refused.error["title"])


def test_the_schema_is_the_models() -> None:
    assert _run("schema") == (0, schema_text(), "")
