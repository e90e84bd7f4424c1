"""`gateway schemas`: what is published, and what changed between two, without store, keys or settings."""

import json
from pathlib import Path

import pytest

from gateway.api.schemas import FILES, JSON_FORM, XML_FORM, published
from schemas.versions import VERSIONS
from tests.support.operators import Installation, empty_installation

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "schemas/published"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """A folder with nothing in it: no store, no key."""
    return empty_installation(tmp_path, monkeypatch)


def _newer(desk: Installation, **facts: object) -> str:
    """The newest JSON Schema with the notes of a contact changed."""
    schema = json.loads(published(JSON_FORM["0-9-14"]))
    schema["$defs"]["Contact"]["properties"]["notes"].update(facts)
    return desk.write("newer.json", schema)


def test_every_version_is_listed_with_files_that_are_there(desk: Installation) -> None:
    listed = desk.ask("schemas", "list")["schemas"]
    assert isinstance(listed, list)
    assert [one["version"] for one in listed] == list(VERSIONS)
    assert all((ROOT / one[form]).is_file() for one in listed for form in ("json", "xml"))
    assert "0-9-10-2.xsd" in desk.run("schemas", "list").out


@pytest.mark.parametrize(("form", "names"), [("json", JSON_FORM), ("xml", XML_FORM)])
def test_a_schema_is_printed_as_it_is(desk: Installation, form: str, names: dict[str, str]) -> None:
    said = desk.run("schemas", "show", "0-9-13", "--form", form)
    assert said.code == 0
    assert said.out.encode() == (PUBLISHED / names["0-9-13"]).read_bytes()
    told = desk.ask("schemas", "show", "0-9-13", "--form", form)
    assert (told["version"], told["form"], told["text"]) == ("0-9-13", form, said.out)


@pytest.mark.parametrize("command", [("show", "0-9-8"), ("compare", "0-9-8", "0-9-14")])
def test_what_is_not_there_is_not_found(desk: Installation, command: tuple[str, ...]) -> None:
    said = desk.run("schemas", *command)
    assert said.code == 3
    assert "0-9-8" in said.err


def test_a_file_that_is_not_published_is_not_read() -> None:
    for name in ("baseline.json", "../versions.py", "0-9-14/../openapi.json"):
        assert name not in FILES
        with pytest.raises(KeyError):
            published(name)


def test_two_versions_are_compared_in_both_forms(desk: Installation) -> None:
    found = desk.ask("schemas", "compare", "0-9-13", "0-9-14")
    assert (found["forms"], found["changes"], found["caveat"]) == (["json", "xml"], [], "")
    assert "Nothing changed." in desk.run("schemas", "compare", "0-9-13", "0-9-14").out
    assert desk.ask("schemas", "compare", "0-9-13", "0-9-14", "--form", "xml")["forms"] == ["xml"]


def test_what_is_not_known_of_two_versions_is_said(desk: Installation) -> None:
    assert "not known" in str(desk.ask("schemas", "compare", "0-9-9", "0-9-14")["caveat"])
    assert "not known" in desk.run("schemas", "compare", "0-9-9", "0-9-14").out


def test_a_breaking_change_has_its_own_exit_code(desk: Installation) -> None:
    said = desk.run("schemas", "compare", "0-9-14", _newer(desk, maxLength=10), "--json")
    assert (said.code, said.error["code"]) == (10, "schemas-break")
    (change,) = said.json["changes"]
    assert change == {
        "breaking": True,
        "form": "json",
        "kind": "shorter",
        "path": "ContactMessage/document/notes",
        "says": "It may be less long.",
        "before": "200000",
        "after": "10",
    }
    shown = desk.run("schemas", "compare", "0-9-14", _newer(desk, maxLength=10))
    assert "ContactMessage/document/notes" in shown.out
    assert "One change is breaking." in shown.err


def test_an_additive_change_is_told_and_passes(desk: Installation) -> None:
    found = desk.ask("schemas", "compare", "0-9-14", _newer(desk, maxLength=300_000))
    assert [(change["kind"], change["breaking"]) for change in found["changes"]] == [("longer", False)]


def test_two_files_of_xml_are_compared(desk: Installation) -> None:
    old = PUBLISHED / XML_FORM["0-9-14"]
    new = desk.folder / "newer.xsd"
    new.write_text(
        old.read_text(encoding="utf-8").replace('name="SPGMessage" type="spg:SPGMessage" maxOccurs="unbounded"', 'name="SPGMessage" type="spg:SPGMessage"')
    )
    said = desk.run("schemas", "compare", str(old), str(new), "--json")
    assert said.code == 10
    assert [(change["kind"], change["path"]) for change in said.json["changes"]] == [("fewer-allowed", "SPGInterchange/SPGMessage")]


def test_unlike_forms_are_refused(desk: Installation) -> None:
    said = desk.run("schemas", "compare", str(PUBLISHED / JSON_FORM["0-9-14"]), str(PUBLISHED / XML_FORM["0-9-14"]), "--json")
    assert (said.code, said.error["code"]) == (2, "forms-differ")
    assert desk.run("schemas", "compare", "0-9-14", str(PUBLISHED / XML_FORM["0-9-14"]), "--form", "json").code == 2


@pytest.mark.parametrize("content", ["", "no schema", "[]", "{", '{"$ref": "#/$defs/None"}', "<a/>", "<a", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_what_is_no_schema_is_refused(desk: Installation, content: str) -> None:
    path = desk.folder / "x"
    path.write_text(content, encoding="utf-8")
    said = desk.run("schemas", "compare", str(path), str(path), "--json")
    assert (said.code, said.error["code"]) == (2, "schema-unreadable")


def test_a_missing_file_is_not_found(desk: Installation) -> None:
    said = desk.run("schemas", "compare", "0-9-14", str(desk.folder / "none.json"), "--json")
    assert (said.code, said.error["code"]) == (3, "file-missing")
