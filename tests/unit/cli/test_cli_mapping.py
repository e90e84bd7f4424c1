"""`gateway check` and `gateway translate` with a language that a mapping in YAML describes, in each of its forms."""

import json
import re
from pathlib import Path

import pytest

from adapters.names import Dialect
from tests.support.declarative import whole_mapping
from tests.support.operators import Installation, empty_installation
from tests.support.tree import ROOT

PAGE = (ROOT / "docs/partners/dialects.md").read_text(encoding="utf-8")
(GATEHOUSE,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
SHIPPED = ROOT / "partners/dialects"
TWO, CONTACT = ROOT / "docs/examples/two-messages.xml", ROOT / "tests/vectors/spg/plain/Contact-ins-full.xml"
FORMS = {"json": "JSON", "xml": "XML", "csv": "CSV"}
EXTENSIONS = {"json": "json", "xml": "xml", "csv": "csv"}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """A folder with nothing in it but mappings of everything, one of each form."""
    for form in FORMS:
        (tmp_path / f"whole-{form}.yaml").write_text(json.dumps(whole_mapping(form)), encoding="utf-8")
    return empty_installation(tmp_path, monkeypatch)


def _mapping(desk: Installation, form: str) -> str:
    return f"mapping:{desk.folder / f'whole-{form}.yaml'}"


def _translated(desk: Installation, source: str, target: str, file: Path, folder: str) -> list[Path]:
    written = desk.folder / folder
    assert desk.run("translate", "--from", source, "--to", target, "--output-dir", str(written), str(file)).code == 0
    return sorted(written.iterdir())


@pytest.mark.parametrize("form", FORMS)
def test_payloads_are_translated_there_and_back(desk: Installation, form: str) -> None:
    """The same content as without the way through the described language."""
    (there,) = _translated(desk, "ndelius", _mapping(desk, form), CONTACT, "there")
    assert there.name == f"00001.{EXTENSIONS[form]}"
    (back,) = _translated(desk, _mapping(desk, form), "canonical", there, "back")
    (straight,) = _translated(desk, "ndelius", "canonical", CONTACT, "straight")
    assert json.loads(back.read_text())["document"] == json.loads(straight.read_text())["document"]


@pytest.mark.parametrize("form", FORMS)
def test_documents_of_one_file_are_all_checked(desk: Installation, form: str) -> None:
    printed = desk.run("translate", "--from", "ndelius", "--to", _mapping(desk, form), str(TWO))
    assert printed.code == 0
    (found,) = json.loads(desk.run("check", "-", "--dialect", _mapping(desk, form), "--json", stdin=printed.out).out)["files"]
    assert (found["valid"], found["documents"], found["types"]) == (True, 2, {"Contact": 1, "UPWContact": 1})
    assert found["forms"] == {f"{FORMS[form]} (whole-{form})": 2}


@pytest.mark.parametrize(
    ("form", "place"),
    [("json", "/document/contact_date"), ("xml", "/Letter/Contact/contact_date"), ("csv", "line 3, column 8 (contact_date)")],
)
def test_what_is_wrong_is_told_in_the_partners_words(desk: Installation, form: str, place: str) -> None:
    (there,) = _translated(desk, "ndelius", _mapping(desk, form), CONTACT, "there")
    there.write_bytes(re.sub(rb"[0-9]{2}\.[0-9]{2}\.([0-9]{4})", rb"99.99.\1", there.read_bytes(), count=1))
    said = desk.run("check", str(there), "--dialect", _mapping(desk, form), "--json")
    assert said.code == 10
    (fault,) = json.loads(said.out)["files"][0]["faults"]
    assert (fault["code"], fault["type"]) == ("value-invalid", "Contact")
    assert re.sub(r"[0-9]+", "n", fault["pointer"]) == re.sub(r"[0-9]+", "n", place)


def test_one_described_language_becomes_another(desk: Installation) -> None:
    (xml,) = _translated(desk, "ndelius", _mapping(desk, "xml"), CONTACT, "xml")
    (csv,) = _translated(desk, _mapping(desk, "xml"), _mapping(desk, "csv"), xml, "csv")
    (again,) = _translated(desk, _mapping(desk, "csv"), _mapping(desk, "xml"), csv, "again")
    assert again.read_bytes() == xml.read_bytes()


def test_a_described_language_stands_for_the_one_that_it_describes(desk: Installation) -> None:
    for name in ("caseflow", "flatfile"):
        (ours,) = _translated(desk, "ndelius", name, CONTACT, f"{name}-ours")
        (theirs,) = _translated(desk, "ndelius", f"mapping:{SHIPPED / name}.yaml", CONTACT, f"{name}-theirs")
        assert ours.read_bytes() == theirs.read_bytes()


def test_a_text_that_looks_like_a_batch_is_a_text(desk: Installation) -> None:
    """Line breaks and words of lines inside quotation marks end nothing."""
    (there,) = _translated(desk, "ndelius", _mapping(desk, "json"), CONTACT, "there")
    form = json.loads(there.read_text())
    form["document"]["notes"] = 'one\n"HEAD";two\nHEAD;three'
    there.write_text(json.dumps(form), encoding="utf-8")
    (csv,) = _translated(desk, _mapping(desk, "json"), _mapping(desk, "csv"), there, "csv")
    (found,) = desk.ask("check", str(csv), "--dialect", _mapping(desk, "csv"))["files"]
    assert (found["valid"], found["documents"]) == (True, 1)


def test_xml_and_csv_mappings_take_whatever_comes_for_their_own(desk: Installation) -> None:
    for form, code in (("xml", "structure-invalid"), ("csv", "element-missing")):
        said = desk.run("check", str(TWO), "--dialect", _mapping(desk, form), "--json")
        assert said.code == 10
        assert json.loads(said.out)["files"][0]["faults"][0]["code"] == code
    assert desk.run("check", str(TWO), "--dialect", _mapping(desk, "json")).code == 0


@pytest.mark.parametrize("words", [("check", "--dialect"), ("translate", "--to", "canonical", "--from"), ("translate", "--from", "canonical", "--to")])
def test_mistakes_of_the_mapping_are_told_with_their_lines(desk: Installation, words: tuple[str, ...]) -> None:
    wrong = desk.folder / "wrong.yaml"
    wrong.write_text(GATEHOUSE.replace("of: crn", "of: cnr", 1).replace("title:", "titel:"), encoding="utf-8")
    said = desk.run(*words, f"mapping:{wrong}", str(TWO), "--json")
    assert (said.code, said.error["code"]) == (2, "mapping-invalid")
    assert [line.partition(":")[0] for line in said.error["details"]] == ["line 1", "line 2"]  # type: ignore[attr-defined]
    wrong.write_text(GATEHOUSE.replace("of: crn", "of: cnr", 1), encoding="utf-8")
    (told, *_) = desk.run(*words, f"mapping:{wrong}", str(TWO), "--json").error["details"]  # type: ignore[misc]
    assert re.match(r"line [0-9]+: .*: the message has no cnr", told)


@pytest.mark.parametrize("name", Dialect)
def test_a_mapping_may_not_have_a_name_of_the_gateways(desk: Installation, name: str) -> None:
    taken = desk.folder / "taken.yaml"
    taken.write_text(GATEHOUSE.replace("dialect: gatehouse", f"dialect: {name}"), encoding="utf-8")
    for words in (("check", str(TWO), "--dialect", f"mapping:{taken}"), ("dialect", "check", str(taken))):
        said = desk.run(*words, "--json")
        assert (said.code, said.error["code"]) == (2, "mapping-invalid")
        assert said.error["details"] == [f"the mapping: dialect: there is a dialect {name} already"]


@pytest.mark.parametrize(
    ("dialect", "code", "remedy"),
    [
        ("klingon", 2, "one of ndelius, canonical, caseflow, domain-events, flatfile, or mapping:FILE"),
        ("mapping:", 2, "mapping:FILE"),
        ("mapping:-", 2, "mapping:FILE"),
        ("mapping:nowhere.yaml", 3, ""),
    ],
)
def test_a_language_that_is_not_there(desk: Installation, dialect: str, code: int, remedy: str) -> None:
    said = desk.run("translate", "--from", "ndelius", "--to", dialect, str(TWO), "--json")
    assert (said.code, said.error["remedy"], said.out) == (code, remedy, "")
    assert desk.run("check", str(TWO), "--dialect", "ndelius").code == 2
