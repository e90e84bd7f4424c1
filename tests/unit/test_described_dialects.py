"""Described languages of an installation: read from their folder, joined to those in code, refused with every mistake."""

from pathlib import Path

import pytest

from adapters.catalogue import DIALECTS
from gateway import bootstrap
from gateway.config import ConfigurationInvalid, Settings
from gateway.described_dialects import MAX_BYTES, read_dialects
from tests.support.tree import ROOT

PINGS = """
dialect: pings
title: Pings
form: json
messages:
  ConnectionNotification:
    members: [{place: ping, of: code}]
    left_out: {test_control_data: A ping has no text.}
"""


def _folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_without_a_folder_there_are_none() -> None:
    assert read_dialects(None, ()) == {}
    assert bootstrap.dialects(Settings()) == dict(DIALECTS)


def test_a_folder_joins_the_dialects_in_code(tmp_path: Path) -> None:
    settings = Settings(dialects_dir=_folder(tmp_path, one=PINGS))
    assert set(bootstrap.dialects(settings)) == {*DIALECTS, "pings"}
    assert bootstrap.onboarding_parts(settings).dialects == {*DIALECTS, "pings"}
    assert bootstrap.onboarding_parts().dialects == set(DIALECTS)


def test_the_mappings_that_come_with_the_gateway_can_be_used() -> None:
    assert set(read_dialects(ROOT / "partners/dialects", frozenset(DIALECTS))) == {"caseflow-described", "flatfile-described"}


def test_every_mistake_of_every_file_is_told(tmp_path: Path) -> None:
    folder = _folder(tmp_path, a=PINGS.replace("of: code", "of: kode"), b="dialect: [", c=PINGS)
    with pytest.raises(ConfigurationInvalid) as caught:
        read_dialects(folder, ("pings",))
    told = str(caught.value)
    assert "a.yaml: line 7: messages.ConnectionNotification.members[0].of: the message has no kode" in told
    assert "b.yaml: line 1: this is no YAML" in told
    assert "c.yaml: there is a dialect pings already" in told


def test_two_files_have_two_names(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match=r"d2\.yaml: there is a dialect pings already"):
        read_dialects(_folder(tmp_path, d1=PINGS, d2=PINGS), ())


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="no such folder"):
        read_dialects(tmp_path / "none", ())
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationInvalid, match=r"x\.yaml cannot be read"):
        read_dialects(tmp_path, ())
    (tmp_path / "x.yaml").write_bytes(b" " * (MAX_BYTES + 1))
    with pytest.raises(ConfigurationInvalid, match=r"x\.yaml is larger"):
        read_dialects(tmp_path, ())
