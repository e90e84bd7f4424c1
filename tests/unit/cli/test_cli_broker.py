"""`gateway broker apply` where no broker is needed to say no: settings, and passwords that may not be believed."""

import os
from pathlib import Path

import pytest

from broker.topology import hash_again, password_hash
from gateway.bootstrap import topology_of
from gateway.commands.output import CommandError, Exit
from gateway.commands.passwords import given_passwords
from gateway.partners.directory import Directory
from gateway.partners.party import Organisation, Standing
from schemas.identifiers import OrganisationId
from tests.support.operators import Installation

WORD = "a-long-enough-word-1"


def file_of(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    file = folder / "word"
    file.write_bytes(content)
    file.chmod(mode)
    return file


def refused(said: list[str]) -> tuple[str, str]:
    with pytest.raises(CommandError) as caught:
        given_passwords(said)
    return caught.value.code, f"{caught.value} {caught.value.details} {caught.value.remedy}"


def test_a_broker_in_the_process_needs_nothing(desk: Installation) -> None:
    said = desk.run("broker", "apply", "--plan", "--json")
    assert (said.code, said.error["code"]) == (Exit.CONFLICT, "broker-in-process")


def test_without_an_administrator_it_says_which_setting_is_missing(desk: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_BROKER", "rabbitmq")
    for name in ("BROKER_URL", "BROKER_PARTNERS_URL"):
        monkeypatch.setenv(f"GATEWAY_{name}", "amqp://gateway:hidden-word@127.0.0.1:1/gateway")
    said = desk.run("broker", "apply", "--json")
    assert (said.code, said.error["code"]) == (Exit.USAGE, "management-missing")
    assert "hidden-word" not in said.out + said.err


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_password_is_the_line_in_its_file(tmp_path: Path, end: bytes) -> None:
    [(organisation, password)] = given_passwords([f"north={file_of(tmp_path, WORD.encode() + end)}"]).items()
    assert (organisation, password.text) == ("north", WORD)
    assert WORD not in repr(password)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o700 | 0o001])
def test_a_file_that_others_may_read_is_not_believed(tmp_path: Path, mode: int) -> None:
    code, told = refused([f"north={file_of(tmp_path, WORD.encode(), mode)}"])
    assert code == "password-file-open"
    assert WORD not in told


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    assert refused([f"north={pipe}"])[0] == "password-file-open"
    assert refused([f"north={tmp_path / 'none'}"])[0] == "file-missing"


@pytest.mark.parametrize("content", [b"short", b"x" * 257, b"two lines of words\nand more", b"a-long-enough-w\xc3\xb6rd", b"a tab\tis in this word", b""])
def test_what_cannot_be_a_password_is_refused_without_being_told(tmp_path: Path, content: bytes) -> None:
    code, told = refused([f"north={file_of(tmp_path, content)}"])
    assert code == "password-invalid"
    assert not content or content.decode() not in told


@pytest.mark.parametrize("said", [["north"], ["north="], ["=file"], ["north=-", "south=-"]])
def test_what_names_no_file_is_a_mistake_of_usage(said: list[str]) -> None:
    assert refused(said)[0] == "usage"


def test_one_organisation_has_one_password(tmp_path: Path) -> None:
    file = file_of(tmp_path, WORD.encode())
    assert refused([f"north={file}", f"north={file}"])[0] == "usage"


def test_the_same_password_hashes_again_to_the_same() -> None:
    earlier = password_hash(WORD, b"salt")
    assert hash_again(WORD, earlier, b"else") == earlier
    assert hash_again(WORD + "x", earlier, b"else") not in {earlier, password_hash(WORD + "x", b"else")}
    assert hash_again(WORD, "no hash at all", b"else") == hash_again(WORD, "", b"else") == password_hash(WORD, b"else")


@pytest.mark.parametrize(("standing", "users"), [(Standing.LIVE, ("north",)), (Standing.SUSPENDED, ("north",)), (Standing.LEFT, ())])
def test_who_has_left_has_queues_and_no_user(standing: Standing, users: tuple[str, ...]) -> None:
    north = OrganisationId("north")
    record = Organisation(organisation_id=north, name="North (fictional)", standing=standing, broker_user="north", broker_password_hash="hash")
    topology = topology_of(Directory(organisations={north: record}))
    assert tuple(user.name for user in topology.users) == users
    assert {"from.north", "to.north"} <= {queue.name for queue in topology.queues}
