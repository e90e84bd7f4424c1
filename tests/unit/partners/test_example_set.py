"""The profiles in partners/: the facts that they state, their schema, and that they can be applied as they stand."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from jsonschema import Draft202012Validator

from gateway.bootstrap import onboarding_parts
from gateway.commands.profiles import profile_files, schema_text
from gateway.contract import Store
from gateway.operations import Operations
from gateway.partners.agreement import DeliveryMode, Direction
from gateway.partners.party import Kind
from gateway.partners.plan import Sourced
from gateway.partners.profile import Profile, read_profile
from gateway.store.opening import open_store
from schemas.catalogue import CATALOGUE
from schemas.identifiers import PartyCode
from tests.support.databases import migrate_quickly
from tests.support.tree import ROOT

FOLDER = ROOT / "partners"
FILES = profile_files([FOLDER])
OWNERS = {
    "sodexo": "C01 C02 C09 C13 C14 C18",
    "purple-futures": "C04 C05 C06 C07 C20",
    "working-links": "C10 C15 C19",
    "rrp": "C08 C11",
    "mtcnovo": "C16 C17",
    "arcc": "C03",
    "eos": "C12",
    "seetec": "C21",
}
OLDER_SCHEMA = {"C16", "C17", "C21"}
NO_METADATA = {"C03", "C05", "C06", "C07", "C15", "C16", "C17", "C19", "C20"}


def read(file: Path) -> Profile:
    return read_profile(yaml.safe_load(file.read_text(encoding="utf-8")))


PROFILES = {file: read(file) for file in FILES}
ALL = {profile.organisation.id: profile for profile in PROFILES.values()}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    migrate_quickly(url)
    with closing(open_store(url)) as opened:
        yield opened


def test_every_crc_is_there_with_its_owner() -> None:
    told = {name: " ".join(sorted(party.code for party in profile.parties)) for name, profile in ALL.items()}
    assert told == {**OWNERS, "ndelius": "N00", "po-stub": "C00"}


def test_the_wire_has_22_parties_and_the_stub() -> None:
    kinds = {party.code: party.kind for profile in ALL.values() for party in profile.parties}
    assert sorted(kinds.values(), key=str).count(Kind.CRC) == 21
    assert (kinds["N00"], kinds["C00"], len(kinds)) == (Kind.NPS, Kind.TEST, 23)
    assert [division.code for division in ALL["ndelius"].parties[0].divisions] == [f"N0{number}" for number in range(1, 8)]


def test_schema_versions_and_the_metadata_switch_are_those_of_the_sources() -> None:
    agreements = [agreement for profile in ALL.values() for agreement in profile.agreements()]
    assert {a.party for a in agreements if a.version == "0-9-13"} == OLDER_SCHEMA
    assert {a.version for a in agreements} == {"0-9-13", "0-9-14"}
    assert {a.party for a in agreements if not a.metadata_updates} == NO_METADATA


def test_the_metadata_switch_steers_nothing_yet() -> None:
    # When there are such messages, routing has to read the switch, and docs/partners/profiles.md has to say so.
    assert not [name for name in CATALOGUE if "metadata" in name.lower()]


def test_every_dialect_and_delivery_mode_is_shown() -> None:
    outbound = [a for profile in ALL.values() for a in profile.agreements() if a.direction is Direction.OUTBOUND]
    assert {a.dialect for a in outbound} == onboarding_parts().dialects
    assert {a.packaging for a in outbound} == onboarding_parts().packagings
    assert {a.mode for a in outbound} == set(DeliveryMode)


def test_no_address_can_be_anybodys() -> None:
    agreements = [agreement for profile in ALL.values() for agreement in profile.agreements()]
    hosts = {urlsplit(url).hostname for a in agreements for url in (a.endpoint, a.receipt_endpoint) if url}
    mailboxes = {profile.organisation.contact.mailbox for profile in ALL.values() if profile.organisation.contact}
    assert hosts
    assert all(str(name).endswith(".example") for name in hosts | mailboxes)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_editors_find_the_schema_and_it_agrees(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=profile.schema.json\n")
    Draft202012Validator(json.loads(schema_text())).validate(yaml.safe_load(text))


def test_the_schema_is_the_model_s() -> None:
    assert (FOLDER / "profile.schema.json").read_text(encoding="utf-8") == schema_text(), "gateway partner schema > partners/profile.schema.json"


def test_the_schema_says_what_every_field_means() -> None:
    definitions = json.loads(schema_text())["$defs"]
    fields = {(name, field): said for name, one in definitions.items() for field, said in one.get("properties", {}).items()}
    assert not [place for place, said in fields.items() if not said.get("description")]


def test_the_schema_refuses_what_the_model_refuses() -> None:
    document = yaml.safe_load((FOLDER / "arcc.yaml").read_text(encoding="utf-8"))
    document["parties"][0]["routes_to"] = "eos"
    assert [error.validator for error in Draft202012Validator(json.loads(schema_text())).iter_errors(document)] == ["additionalProperties"]


def test_the_whole_folder_is_applied_to_an_empty_store_and_twice_changes_nothing(store: Store) -> None:
    desk = Operations(store=store, clock=lambda: datetime.now(UTC), parts=onboarding_parts())
    sourced = [Sourced(source=file.name, profile=profile) for file, profile in PROFILES.items()]
    first = desk.apply_profiles(sourced, "test")
    assert first.writes == sum(plan.records for plan in first.plans)
    directory = store.partners.directory()
    assert len(directory.parties) == 23
    assert directory.outbound(PartyCode("C16")) == next(a for a in ALL["mtcnovo"].agreements() if a.party == "C16" and a.direction is Direction.OUTBOUND)
    again = desk.apply_profiles(sourced, "test")
    assert (again.writes, again.versions) == (0, ())
    assert store.partners.version() == directory.version
