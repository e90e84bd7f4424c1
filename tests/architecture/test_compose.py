"""docker-compose.yml: every role is there, pinned, checked and without secrets; its settings and commands exist."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from gateway.bootstrap import ROLES
from gateway.config import PREFIX, Settings, load_settings
from tests.support.tree import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, object]] = COMPOSE["services"]
TAG = re.compile(r"^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9.]+)*$")
LOCAL = "interagency-gateway:local"
each_service = pytest.mark.parametrize("name", SERVICES)


def _section(name: str, key: str) -> dict[str, dict[str, str]]:
    section = SERVICES[name].get(key, {})
    assert isinstance(section, dict)
    return section


def test_every_role_has_its_service() -> None:
    for role in ROLES:
        assert SERVICES[role]["command"] == ["serve", "--role", role]


def test_installation_is_made_first() -> None:
    assert SERVICES["init"]["command"] == ["init"]
    assert all("init" in _section(role, "depends_on") for role in ROLES)


@each_service
def test_image_is_pinned(name: str) -> None:
    image = str(SERVICES[name]["image"])
    assert image == LOCAL or TAG.match(image)


def test_base_image_is_pinned() -> None:
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert bases
    assert all(TAG.match(base) for base in bases)


@each_service
def test_service_has_a_health_check(name: str) -> None:
    check = _section(name, "healthcheck")
    if name == "init":  # runs once
        assert check == {"disable": True}
    else:
        assert {"test", "interval", "timeout", "retries"} <= check.keys()


@each_service
def test_service_waits_for_what_it_needs(name: str) -> None:
    wanted = {"init": "service_completed_successfully"}
    for other, how in _section(name, "depends_on").items():
        assert other in SERVICES
        assert how["condition"] == wanted.get(other, "service_healthy")


def test_door_does_not_wait_for_the_broker() -> None:
    assert "rabbitmq" not in _section("api", "depends_on")


@each_service
def test_no_secret_stands_inside(name: str) -> None:
    suspicious = re.compile(r"PASS|SECRET|TOKEN|_KEY$|DATABASE_URL|BROKER_.*URL|BROKER_URL")
    given = {key for key in _section(name, "environment") if suspicious.search(key) and not key.endswith("_FILE")}
    assert not given
    assert not re.search(r"://[^/\s]+:[^/\s]+@", str(SERVICES[name]))


@each_service
def test_settings_exist(name: str) -> None:
    known = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields} | {f"{PREFIX}CONFIG_FILE"}
    assert {key for key in _section(name, "environment") if key.startswith(PREFIX)} <= known


@each_service
def test_secrets_and_volumes_are_named(name: str) -> None:
    secrets = SERVICES[name].get("secrets", [])
    volumes = SERVICES[name].get("volumes", [])
    assert isinstance(secrets, list)
    assert isinstance(volumes, list)
    assert {entry if isinstance(entry, str) else entry["source"] for entry in secrets} <= set(COMPOSE["secrets"])
    assert {volume.split(":")[0] for volume in volumes} <= set(COMPOSE["volumes"])


def test_only_doors_are_open_and_only_on_loopback() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert {"api", "grafana"} <= ports.keys() <= {"api", "console", "grafana"}
    assert all(port.startswith("127.0.0.1:") for published in ports.values() for port in published)


def test_secrets_lie_outside_the_repository() -> None:
    for secret in COMPOSE["secrets"].values():
        ignored = subprocess.run(["git", "check-ignore", "--quiet", secret["file"]], cwd=ROOT, check=False, timeout=30)
        assert ignored.returncode == 0


def test_new_secrets_make_valid_settings(tmp_path: Path) -> None:
    script = tmp_path / "new-secrets"
    script.write_bytes((ROOT / "deploy/new-secrets").read_bytes())
    subprocess.run(["bash", str(script)], check=True, capture_output=True, timeout=30)
    made = tmp_path / "secrets"
    assert {path.name for path in made.iterdir()} == {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    assert made.stat().st_mode & 0o077 == 0
    settings = load_settings(made / "gateway.toml", broker="rabbitmq")
    password = (made / "postgres-password").read_text(encoding="utf-8")
    assert password in settings.database_url.get_secret_value()
    assert tomllib.loads((made / "gateway.toml").read_text(encoding="utf-8"))["broker_url"] not in repr(settings)
    again = subprocess.run(["bash", str(script)], check=False, capture_output=True, timeout=30)
    assert again.returncode == 1
