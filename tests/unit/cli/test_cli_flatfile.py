"""`gateway check` and `gateway translate` know flat files by their first line, and keep their bytes."""

import json
from pathlib import Path

import pytest

from tests.support.flatfile import FLATFILE
from tests.support.operators import Installation, Said, empty_installation

SPG = Path(__file__).parents[2] / "vectors/spg/plain"
TWO = Path(__file__).parents[3] / "docs/examples/two-messages.xml"
PLAIN = sorted((FLATFILE / "plain").glob("*.csv"))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """A folder with nothing in it: no store, no key."""
    return empty_installation(tmp_path, monkeypatch)


def _faults(said: Said) -> list[tuple[object, object, object, object]]:
    (one,) = json.loads(said.out)["files"]
    return [(fault["code"], fault.get("pointer"), fault["message"], fault["type"]) for fault in one["faults"]]


def test_every_batch_is_known_by_its_bytes(desk: Installation) -> None:
    for one in desk.ask("check", *map(str, PLAIN))["files"]:
        assert (one["valid"], one["forms"], one["documents"]) == (True, {"flat file": 1}, 1)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("id-total-wrong", ("control-count-wrong", "line 8, column 4 (IdTotal)", None, None)),
        ("byte-order-mark", ("malformed", "line 1", None, None)),
        ("date-iso", ("value-invalid", "line 5, column 11 (Date)", 2, "UPWContact")),
        ("type-unknown", ("type-unknown", "line 4, column 3 (Type)", 2, "UPX")),
    ],
)
def test_what_is_wrong_is_told_by_line_and_column(desk: Installation, name: str, fault: tuple[object, ...]) -> None:
    said = desk.run("check", str(FLATFILE / f"bogus/{name}.csv"), "--json")
    assert said.code == 10
    assert _faults(said) == [fault]


def test_a_batch_that_does_not_look_like_one_is_read_where_it_is_said_to_be(desk: Installation) -> None:
    bogus = str(FLATFILE / "bogus/header-missing.csv")
    assert _faults(desk.run("check", bogus, "--json")) == [("malformed", None, None, None)]
    assert _faults(desk.run("check", "--dialect", "flatfile", bogus, "--json")) == [("element-missing", "line 1, column 1 (Line)", None, None)]


def test_batches_are_translated_both_ways(desk: Installation) -> None:
    assert desk.run("translate", "--from", "ndelius", "--to", "flatfile", "--output-dir", str(desk.folder / "flat"), str(TWO)).code == 0
    (batch,) = (desk.folder / "flat").iterdir()
    assert (batch.name, batch.read_bytes()[-2:], batch.read_bytes().count(b"\r\nM,")) == ("00001.csv", b"\r\n", 2)
    (checked,) = desk.ask("check", str(batch))["files"]
    assert (checked["valid"], checked["types"]) == (True, {"Contact": 1, "UPWContact": 1})
    back = desk.run("translate", "--from", "flatfile", "--to", "ndelius", str(batch))
    assert back.code == 0
    assert back.out == desk.run("translate", "--from", "ndelius", "--to", "ndelius", str(TWO)).out


def test_batches_of_one_file_are_told_apart(desk: Installation) -> None:
    both = desk.folder / "both.csv"
    three, quoting = ((FLATFILE / f"plain/{name}.csv").read_bytes() for name in ("batch-of-three", "quoted-line-breaks"))
    both.write_bytes(three + quoting.replace(b"T,1,4,0,0,0", b"\r\nT,1,4,0,0,0\r\nH,1,x") + three.replace(b"T,3", b"T,4"))
    (one,) = json.loads(desk.run("check", str(both), "--json").out)["files"]
    assert (one["documents"], one["forms"]) == (3, {"flat file": 3})
    assert [(fault["document"], fault["code"]) for fault in one["faults"]] == [(3, "control-count-wrong")]


def test_a_dialect_is_not_read_from_another_form(desk: Installation) -> None:
    batch = str(FLATFILE / "plain/batch-of-three.csv")
    for source in ("ndelius", "canonical", "caseflow"):
        said = desk.run("translate", "--from", source, "--to", "flatfile", batch)
        assert (said.code, f"This is flat file, which {source} is not written in." in said.err) == (10, True)
