"""Settings: precedence, contradictions, what live refuses, and that nothing secret is printed."""

from pathlib import Path

import pytest

from gateway.config import BrokerKind, ClientCertificates, ConfigurationInvalid, Environment, Settings, load_settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"GATEWAY_{name.upper()}", raising=False)
    monkeypatch.delenv("GATEWAY_CONFIG_FILE", raising=False)


LIVE = {
    "environment": "live",
    "public_url": "https://gateway.example",
    "tls_ends_at_proxy": True,
    "broker": "rabbitmq",
    "broker_url": "amqp://gateway:pw@mq/gateway",
    "broker_partners_url": "amqp://gateway:pw@mq/partners",
}


def test_defaults_follow_the_data_folder_and_the_environment(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, environment="test")
    assert settings.database_url.get_secret_value() == f"sqlite:///{tmp_path}/gateway.db"
    assert settings.keys_dir == tmp_path / "keys"
    assert settings.audience == settings.issuer == "interagency-gateway.test"


def test_arguments_win_over_environment_over_env_file_over_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml = tmp_path / "gateway.toml"
    toml.write_text('http_port = 1\nbatch_items = 2\nlog_level = "error"\nhttp_host = "toml"\n')
    env = tmp_path / "gateway.env"
    env.write_text("GATEWAY_HTTP_PORT=3\nGATEWAY_BATCH_ITEMS=4\nGATEWAY_LOG_LEVEL=debug\n")
    monkeypatch.setenv("GATEWAY_HTTP_PORT", "5")
    monkeypatch.setenv("GATEWAY_BATCH_ITEMS", "6")
    settings = load_settings(toml, env, http_port=7)
    assert (settings.http_port, settings.batch_items, settings.log_level.value, settings.http_host) == (7, 6, "debug", "toml")


def test_the_settings_file_may_be_named_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "named.toml"
    file.write_text("http_port = 9443\n")
    monkeypatch.setenv("GATEWAY_CONFIG_FILE", str(file))
    assert load_settings().http_port == 9443


def test_a_missing_or_broken_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="not there"):
        load_settings(tmp_path / "absent.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("database_url = = 'hunter2'")
    with pytest.raises(ConfigurationInvalid) as caught:
        load_settings(broken)
    assert "hunter2" not in str(caught.value)


def test_a_misspelt_setting_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text('client_certificate = "required"\n')
    with pytest.raises(ConfigurationInvalid, match="client_certificate"):
        load_settings(file)
    monkeypatch.setenv("GATEWAY_CLIENT_CERTIFICATE", "required")
    with pytest.raises(ConfigurationInvalid, match="GATEWAY_CLIENT_CERTIFICATE"):
        load_settings()


def test_values_never_stand_in_a_complaint_nor_in_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_HTTP_PORT", "hunter2")
    with pytest.raises(ConfigurationInvalid) as caught:
        load_settings()
    assert "http_port" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    monkeypatch.delenv("GATEWAY_HTTP_PORT")
    printed = repr(load_settings(database_url="postgresql+psycopg://u:hunter2@db/g", broker_url="amqp://u:hunter2@mq"))
    assert "hunter2" not in printed


def test_settings_are_frozen() -> None:
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.http_port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"tls_certificate": "c.pem"}, "go together"),
        ({"client_certificates": "required"}, "needs tls_certificate"),
        ({"client_certificates": "optional", "tls_certificate": "c", "tls_private_key": "k"}, "needs tls_client_ca"),
        ({"tls_certificate": "c", "tls_private_key": "k", "tls_ends_at_proxy": True}, "contradicts"),
        ({"broker": "rabbitmq", "broker_url": "amqp://x"}, "rabbitmq needs"),
        ({"max_body_bytes": 2048, "max_bodies_bytes": 1024}, "max_bodies_bytes"),
        ({"public_url": "ftp://x"}, "https://"),
        ({"metrics_networks": ["nonsense"]}, "metrics_networks"),
        ({"long_poll_seconds": 61}, "long_poll_seconds"),
    ],
)
def test_contradictions_are_named(given: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=complaint):
        load_settings(**given)


def test_live_with_everything_safe_is_accepted() -> None:
    settings = load_settings(**LIVE)
    assert settings.environment is Environment.LIVE
    assert settings.broker is BrokerKind.RABBITMQ
    assert settings.client_certificates is ClientCertificates.NONE
    assert load_settings(**LIVE, egress_allow=["case.example"], egress_ca="ca.pem").egress_allow == ("case.example",)


@pytest.mark.parametrize(
    ("unsafe", "complaint"),
    [
        ({"public_url": "http://gateway.example"}, "https public_url"),
        ({"tls_ends_at_proxy": False}, "tls_ends_at_proxy"),
        ({"broker": "memory"}, "rabbitmq broker"),
        ({"egress_allow": ["*"]}, "egress_allow"),
        ({"egress_allow": ["case.example", "*:443"], "egress_ca": "ca.pem"}, "egress_allow"),
        ({"egress_allow": ["case.example"]}, "egress_ca"),
    ],
)
def test_live_refuses_what_is_unsafe(unsafe: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=complaint):
        load_settings(**{**LIVE, **unsafe})


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_every_setting_is_read_by_something() -> None:
    sources = "\n".join(path.read_text() for path in Path("gateway").rglob("*.py") if path.name != "config.py")
    assert [name for name in Settings.model_fields if name not in sources] == []
