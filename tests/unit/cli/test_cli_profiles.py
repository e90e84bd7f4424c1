"""`gateway partner apply` over many files, `history`, `show --at`: what is asked, shown, kept; docs/partners/profiles.md."""

import re
from pathlib import Path

import pytest
import yaml

from gateway.partners.profile import read_profile
from tests.support.operators import PROFILE, Installation
from tests.support.tree import ROOT

NORTH = "organisation: {id: north, name: North}\nparties: [{code: C01, name: P}]\n"
SOUTH = "organisation: {id: south, name: South}\nparties: [{code: C02, name: P}]\n"


@pytest.fixture
def folder(desk: Installation) -> Path:
    made = desk.folder / "partners"
    (made / "dialects").mkdir(parents=True)
    (made / "north.yaml").write_text(NORTH, encoding="utf-8")
    (made / "south.yml").write_text(SOUTH, encoding="utf-8")
    (made / "profile.schema.json").write_text("{}", encoding="utf-8")
    (made / "dialects" / "other.yaml").write_text("none of ours", encoding="utf-8")
    (made / "notes.md").write_text("none of ours", encoding="utf-8")
    return made


def test_without_a_yes_the_plan_is_shown_and_nothing_written(desk: Installation, folder: Path) -> None:
    said = desk.run("partner", "apply", str(folder))
    assert said.code == 2
    assert "party C01" in said.out
    assert "--dry-run" in said.err
    assert desk.ask("partner", "list")["organisations"] == []


def test_a_folder_is_applied_in_one_go_and_again_without_a_question(desk: Installation, folder: Path) -> None:
    said = desk.ask("partner", "apply", str(folder), "--yes")
    assert (said["applied"], said["writes"]) == (True, 4)
    again = desk.run("partner", "apply", str(folder))
    assert again.code == 0
    assert "Nothing would change." in again.out
    assert "wrote 0 records, 2 unchanged" in again.out


def test_all_mistakes_of_all_files_are_told(desk: Installation, folder: Path) -> None:
    (folder / "bad.yaml").write_text("organisation: {id: x}\nparties: []\n", encoding="utf-8")
    (folder / "broken.yaml").write_text("a: [", encoding="utf-8")
    (folder / "south.yml").write_text(SOUTH.replace("C02", "C01"), encoding="utf-8")
    said = desk.run("partner", "apply", str(folder), "--yes", "--json")
    assert (said.code, said.error["code"]) == (2, "profiles-invalid")
    details = said.error["details"]
    assert isinstance(details, list)
    assert [Path(str(line).split(": ")[0]).name for line in details] == ["bad.yaml", "bad.yaml", "broken.yaml", "south.yml"]
    assert "Another organisation runs this party." in str(details[-1])
    assert desk.ask("partner", "list")["organisations"] == []


def test_an_empty_folder_is_no_success(desk: Installation) -> None:
    (desk.folder / "empty").mkdir()
    assert desk.run("partner", "apply", str(desk.folder / "empty"), "--yes").code == 3


def test_history_and_each_version_can_be_read(desk: Installation) -> None:
    file = desk.write("thames.json", PROFILE)
    desk.ask("partner", "apply", file, "--yes")
    desk.ask("partner", "apply", desk.write("thames.json", {**PROFILE, "organisation": {"id": "crc-thames", "name": "Renamed"}}), "--yes")
    versions = desk.ask("partner", "history", "crc-thames")["versions"]
    assert isinstance(versions, list)
    assert [(one["version"], one["by"].partition(":")[0]) for one in versions] == [(1, "cli"), (2, "cli")]
    first = desk.ask("partner", "show", "crc-thames", "--at", "1")
    assert first["document"] == PROFILE
    assert first["digest"] == versions[0]["digest"]
    shown = desk.run("partner", "show", "crc-thames", "--at", "2")
    assert yaml.safe_load(shown.out)["organisation"]["name"] == "Renamed"
    assert desk.run("partner", "show", "crc-thames", "--at", "3").code == 3
    assert desk.run("partner", "history", "nobody").code == 3


def test_what_is_shown_names_contact_kind_and_switches(desk: Installation) -> None:
    desk.ask("partner", "apply", str(ROOT / "partners" / "arcc.yaml"), "--yes")
    said = desk.run("partner", "show", "arcc")
    assert "service-desk@arcc.example" in said.out
    assert "CRC" in said.out
    (_, outbound) = desk.ask("partner", "show", "arcc")["agreements"]  # type: ignore[misc]
    assert (outbound["metadata_updates"], outbound["absorb"], outbound["working_hours"]["from"]) == (False, False, "09:00")


def test_the_example_of_the_page_is_a_profile() -> None:
    page = (ROOT / "docs" / "partners" / "profiles.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert [agreement.party for agreement in read_profile(yaml.safe_load(text)).agreements()] == ["C05", "C05", "C06", "C06"]
