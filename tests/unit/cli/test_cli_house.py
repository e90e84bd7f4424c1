"""The command line as a whole: init, serve, doctor, help, errors, exit codes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import bootstrap
from gateway.cli import app, report_bug
from gateway.commands.output import EXIT_CODES, Exit
from gateway.commands.serve import Role
from tests.support.operators import Installation, empty_installation


def checks(found: dict[str, object]) -> dict[str, str]:
    listed = found["checks"]
    assert isinstance(listed, list)
    return {one["name"]: one["state"] for one in listed}


def test_every_exit_code_is_explained() -> None:
    assert set(EXIT_CODES) == set(Exit)


def test_roles_are_those_of_the_gateway() -> None:
    assert tuple(Role) == bootstrap.ROLES


def test_a_fresh_folder_becomes_an_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = empty_installation(tmp_path / "new", monkeypatch)
    said = desk.run("offline", "queues", "--json")
    assert (said.code, said.error["code"]) == (9, "store-not-ready")
    made = desk.ask("init")
    assert made["keys_made"] is True
    assert desk.ask("offline", "queues")["queues"] == []


def test_doctor_is_content_with_a_fresh_installation(desk: Installation) -> None:
    found = checks(desk.ask("doctor"))
    assert found["own keys"] == found["store"] == found["clock"] == found["relay"] == "ok"
    assert found["partners"] == "warning"


def test_doctor_names_what_is_wrong_with_a_remedy(desk: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    (desk.folder / "keys" / "lookup.key").unlink()
    said = desk.run("doctor", "--json")
    assert said.code == 10
    assert checks(said.json)["own keys"] == "FAILED"
    monkeypatch.setenv("GATEWAY_DATABASE_URL", f"sqlite:///{desk.folder / 'none' / 'x.db'}")
    said = desk.run("doctor", "--json")
    assert checks(said.json)["store"] == "FAILED"
    listed = said.json["checks"]
    assert isinstance(listed, list)
    assert all(one["remedy"] for one in listed if one["state"] == "FAILED")


def test_doctor_sees_a_broker_that_is_not_there(desk: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BROKER_URL", "BROKER_PARTNERS_URL"):
        monkeypatch.setenv(f"GATEWAY_{name}", "amqp://gateway:hidden-word@127.0.0.1:1/gateway")
    monkeypatch.setenv("GATEWAY_BROKER", "rabbitmq")
    assert checks(desk.run("doctor", "--json").json)["broker"] == "warning"
    monkeypatch.setenv("GATEWAY_BROKER_MANAGEMENT_URL", "http://admin:hidden-word@127.0.0.1:1")
    said = desk.run("doctor", "--json")
    assert checks(said.json)["broker"] == "FAILED"
    assert "hidden-word" not in said.out + said.err


def test_wrong_settings_are_named_without_their_values(desk: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_HTTP_PORT", "hidden-word")
    said = desk.run("offline", "queues", "--json")
    assert (said.code, said.error["code"]) == (2, "settings-invalid")
    assert "http_port" in said.err
    assert "hidden-word" not in said.err
    assert checks(desk.run("doctor", "--json").json)["settings"] == "FAILED"


@pytest.mark.parametrize("arguments", [["nonsense"], ["partner", "show"], ["queues", "--nonsense"], ["messages", "find", "--limit", "0"]])
def test_usage_errors_are_json_where_json_was_asked_for(desk: Installation, arguments: list[str]) -> None:
    said = desk.run(*arguments, "--json")
    assert (said.code, said.error["code"], said.out) == (2, "usage", "")
    assert desk.run(*arguments).code == 2


def test_people_get_errors_in_words(desk: Installation) -> None:
    said = desk.run("offline", "messages", "show", "nothing")
    assert said.code == 3
    assert said.err == "error: There is no message with this id.\n"
    assert said.out == ""


def test_no_command_is_without_help(desk: Installation) -> None:
    def walk(path: tuple[str, ...]) -> None:
        out = desk.run(*path, "--help").out
        assert "Usage" in out
        section = out.partition("Commands")[2]
        for name in re.findall(r"^│ ([a-z-]+) ", section, re.MULTILINE):
            walk((*path, name))

    walk(())


def test_version_is_printed(desk: Installation) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", desk.run("--version").out)


def test_a_bug_is_one_line_without_values(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        int("X123456 is a case")
    except ValueError as error:
        report_bug(ValueError, error, error.__traceback__)
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert "ValueError" in shown
    assert "X123456" not in shown


def test_help_is_quick_to_import() -> None:
    """The help must not wait for the whole house."""
    code = "import sys, gateway.cli; print([m for m in ('sqlalchemy','fastapi','cryptography','lxml','pika','httpx','gateway.bootstrap') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert done.stdout.strip() == "[]"


def test_a_bug_ends_a_real_process_with_one_line(tmp_path: Path) -> None:
    code = """
import sys
from gateway import cli, operations

def fail(self):
    raise RuntimeError("X123456")

operations.Operations.queues = fail
sys.argv = ["gateway", "offline", "queues"]
cli.main()
"""
    environment = {**os.environ, "GATEWAY_DATA_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-m", "gateway", "init"], capture_output=True, check=True, env=environment, timeout=60)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("error: a mistake of the program (RuntimeError at ")
    assert "X123456" not in done.stderr
    assert "Traceback" not in done.stderr


def test_json_is_offered_by_every_command_that_answers() -> None:
    silent = {"serve", "simulate", "demo", "jwks", "schema", "example"}  # processes, a story, and what is a document already

    def names(group: object) -> set[str]:
        found: set[str] = set()
        for command in group.registered_commands:  # type: ignore[attr-defined]
            name = command.name or command.callback.__name__
            if "as_json" not in command.callback.__annotations__:
                found.add(name)
        for inner in group.registered_groups:  # type: ignore[attr-defined]
            found |= names(inner.typer_instance)
        return found

    assert names(app) == silent


def test_init_answers_in_json_without_secrets(desk: Installation) -> None:
    said = desk.run("init", "--json")
    secret = (desk.folder / "keys" / "parcel.key").read_text()
    assert secret not in said.out
    assert json.loads(said.out)["audience"] == "interagency-gateway.dev"
