"""Settings: everything that differs between two installations, read and checked once.

What it is: the only reader of the environment; a frozen value after that. What it is not: where secrets
live: those are paths, or values that never print. Called by `cli` and `bootstrap`. Order of precedence:
arguments, environment (`GATEWAY_…`), env file, TOML file, defaults.
"""

import ipaddress
import os
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PREFIX = "GATEWAY_"
CONFIG_FILE_VARIABLE = "GATEWAY_CONFIG_FILE"
"""Names a TOML file of settings; the one variable that is not itself a setting."""
_MEBIBYTE = 1024 * 1024


class ConfigurationInvalid(Exception):
    """The settings contradict themselves or cannot be read. Names settings, never their values."""


class Environment(StrEnum):
    """Which world this gateway serves; a message for one is refused by the others."""

    DEV = "dev"
    TEST = "test"
    LIVE = "live"


class ClientCertificates(StrEnum):
    """What the TLS door asks of callers."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    NONE = "none"


class BrokerKind(StrEnum):
    """Which broker carries parcels."""

    MEMORY = "memory"
    RABBITMQ = "rabbitmq"


class VouchingToken(StrEnum):
    """Which token of the identity provider says who somebody is."""

    ID = "id"
    ACCESS = "access"


class LogLevel(StrEnum):
    """Least severe line that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How log lines look."""

    JSON = "json"
    CONSOLE = "console"


class Settings(BaseSettings):
    """All settings, with the checks that need more than one of them."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=None, extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True)

    environment: Environment = Field(Environment.DEV, description="Which world this gateway serves. `live` refuses every unsafe setting.")
    data_dir: Path = Field(Path("var"), description="Folder for what this machine keeps: the SQLite file, keys, a private broker node.")

    # store and broker
    database_url: SecretStr = Field(
        default_factory=lambda data: SecretStr(f"sqlite:///{data['data_dir'] / 'gateway.db'}"),
        description="SQLAlchemy URL of the store: `sqlite:///…` or `postgresql+psycopg://…`. By default a SQLite file in the data folder.",
    )
    broker: BrokerKind = Field(BrokerKind.MEMORY, description="`memory` (one process) or `rabbitmq`.")
    broker_url: SecretStr | None = Field(None, description="AMQP URL of the gateway's own vhost. Needed for `rabbitmq`.")
    broker_partners_url: SecretStr | None = Field(None, description="AMQP URL of the partners' vhost. Needed for `rabbitmq`.")
    broker_management_url: SecretStr | None = Field(
        None, description="URL of RabbitMQ's management API, with user and password: topology, users and permissions are made through it."
    )

    # identity
    audience: str = Field(
        default_factory=lambda data: f"interagency-gateway.{data['environment']}",
        description="What partners write into `aud`: this gateway and its environment.",
    )
    issuer: str = Field(default_factory=lambda data: data["audience"], description="What we write into `iss` of receipts. By default the audience.")
    keys_dir: Path = Field(default_factory=lambda data: data["data_dir"] / "keys", description="Folder of the gateway's own keys: signing, archive, index.")
    dialects_dir: Path | None = Field(None, description="Folder of mappings (`*.yaml`), each of which describes a partner's language. Read once, at the start.")

    # the door
    public_url: str = Field("http://127.0.0.1:8080", description="The address partners call, without a final slash. `htu` of caller tokens starts with it.")
    http_host: str = Field("127.0.0.1", description="Address to listen at.")
    http_port: int = Field(8080, ge=0, le=65535, description="Port to listen at; 0 takes a free one.")
    tls_certificate: Path | None = Field(None, description="Our server certificate with its chain, PEM. Without it the door speaks plain HTTP.")
    tls_private_key: Path | None = Field(None, description="Private key of that certificate, PEM.")
    tls_client_ca: Path | None = Field(None, description="CA certificates that issue partners' client certificates, PEM.")
    client_certificates: ClientCertificates = Field(
        ClientCertificates.NONE, description="`required`: every caller presents one; `optional`: one that is presented must be pinned; `none`: not asked for."
    )
    tls_ends_at_proxy: bool = Field(default=False, description="True where a proxy ends TLS before us; in `live` a plain HTTP door is refused otherwise.")
    metrics_networks: tuple[str, ...] = Field(("127.0.0.0/8", "::1/128"), description="Networks that may read /metrics; anybody else gets 404.")

    # the console
    console_host: str = Field("127.0.0.1", description="Address that the operators' console listens at.")
    console_port: int = Field(8081, ge=0, le=65535, description="Port that the console listens at; 0 takes a free one.")
    console_url: str = Field(
        default_factory=lambda data: f"http://127.0.0.1:{data['console_port']}",
        description="The address that operators' browsers see, without a final slash: https, or http on this machine alone.",
    )
    console_tls_certificate: Path | None = Field(None, description="The console's server certificate with its chain, PEM.")
    console_tls_private_key: Path | None = Field(None, description="Private key of that certificate, PEM.")
    console_tls_ends_at_proxy: bool = Field(default=False, description="True where a proxy ends TLS before the console.")
    console_issuer: str | None = Field(None, description="The identity provider that operators sign in with, as its tokens name it (`iss`).")
    console_discovery_url: str | None = Field(
        None, description="Where the provider describes itself; by default `/.well-known/openid-configuration` below the issuer."
    )
    console_client_id: str | None = Field(None, description="What the provider calls this console. Needed with `console_issuer`.")
    console_client_secret: SecretStr | None = Field(
        None, description="The console's secret at the provider; without it, it is a public client with PKCE alone."
    )
    console_scopes: tuple[str, ...] = Field(("openid", "profile"), description="What the console asks the provider for.")
    console_token: VouchingToken = Field(
        VouchingToken.ID,
        description="`id`: the ID token says who signed in (OpenID Connect); `access`: a provider that gives none, whose access token is a JWT.",
    )
    console_token_audience: str | None = Field(
        None, description="What `aud` of that access token must name; by default its `client_id` or `azp` must be the console's."
    )
    console_subject_claim: str = Field("sub", description="Claim that names a person for ever: what the audit says (`oid` at Entra ID).")
    console_claim_paths: tuple[str, ...] = Field(("roles", "authorities"), description="Claims that hold roles; a dot goes into an object.")
    console_role_claims: dict[str, str] = Field(
        default_factory=dict,
        description='Which value there gives which role, as JSON: `{"GATEWAY_VIEWER": "viewer"}`. Roles: viewer, operator, reveal, auditor, admin.',
    )
    console_provider_ca: Path | None = Field(None, description="CA certificates that the provider's server is checked against, PEM; by default the system's.")
    console_bootstrap: bool = Field(default=False, description="Development: print a one-time token that signs in a person with all roles. Refused in live.")
    console_idle_seconds: float = Field(1800.0, ge=60, le=3600, description="How long a browser's session lasts without use.")
    console_session_seconds: float = Field(36000.0, ge=300, le=43200, description="How long any session lasts, whatever happens in between.")
    metrics_host: str = Field("127.0.0.1", description="Address at which every process answers /metrics, whatever its role, where `metrics_port` is set.")
    metrics_port: int | None = Field(
        None, ge=0, le=65535, description="Port of that address; 0 takes a free one. Without it only the door for machines answers /metrics."
    )
    traces_endpoint: str | None = Field(
        None,
        description="Full address that traces are sent to, of an OpenTelemetry collector: `http://collector:4318/v1/traces`. Without it there are none.",
    )
    traces_share: float = Field(1.0, ge=0, le=1, description="Share of submissions that are traced. Every process chooses the same ones.")

    # limits
    max_body_bytes: int = Field(20 * _MEBIBYTE, ge=1024, description="Largest request body at any door.")
    max_bodies_bytes: int = Field(256 * _MEBIBYTE, ge=1024, description="Bytes of request bodies in memory at one time, over all requests.")
    max_depth: int = Field(40, ge=8, description="Deepest nesting of XML or JSON.")
    max_elements: int = Field(600_000, ge=100, description="Most XML elements or JSON values in one message.")
    body_timeout_seconds: float = Field(30.0, gt=0, description="How long a request body may take to arrive.")
    head_timeout_seconds: float = Field(20.0, gt=0, description="How long a request's head may take to arrive, from the opening of the connection.")
    keep_alive_seconds: float = Field(65.0, gt=0, description="How long an idle connection is kept; longer than a load balancer's own idle time.")
    max_connections: int = Field(512, ge=1, description="Connections served at one time; more are answered 503.")
    connection_backlog: int = Field(256, ge=1, description="Connections that may wait to be taken by the listening socket.")
    request_threads: int = Field(120, ge=4, description="Requests worked on at one time; more wait.")
    stop_seconds: float = Field(10.0, gt=0, description="How long running requests may take when the server stops.")
    long_poll_seconds: float = Field(60.0, ge=0, le=60, description="Longest wait that a mailbox caller may ask for.")
    long_poll_look_seconds: float = Field(1.0, gt=0, description="How often a waiting mailbox looks into the store for what other processes accepted.")
    long_polls_per_organisation: int = Field(8, ge=1, description="Mailbox callers of one organisation that may wait at one time.")
    refusals_per_minute: int = Field(
        300,
        ge=0,
        description="Refusals without a receipt that one organisation may cause in a minute, in each process; then it is answered 429. 0: no limit.",
    )
    page_limit: int = Field(100, ge=1, le=1000, description="Most items in one answer.")

    # batches and workers
    batch_items: int = Field(200, ge=1, le=1000, description="Most submissions that share one commit.")
    batch_seconds: float = Field(0.005, ge=0, le=1, description="Longest wait for a batch to fill, under load.")
    batch_waiting: int = Field(2000, ge=1, description="Submissions that may wait for a commit; more are answered 429.")
    batch_timeout_seconds: float = Field(30.0, gt=0, description="How long a caller waits for its commit before it is answered 503.")
    relay_interval_seconds: float = Field(0.05, gt=0, description="How often the relay looks for what is owed to the broker when nothing was there.")
    relay_items: int = Field(500, ge=1, description="Most publications in one window of confirms.")
    relay_late_seconds: float = Field(30.0, gt=0, description="With a backlog and no confirm for this long, the gateway is not ready.")
    lease_seconds: float = Field(15.0, gt=1, description="How long the one active relay may be silent before another takes over.")
    sweeper_interval_seconds: float = Field(5.0, gt=0, description="How often the sweeper looks for unfinished deliveries that nobody works on.")
    sweep_seconds: float = Field(30.0, gt=0, description="How long a parcel may be on its way before the sweeper looks after its delivery.")
    sweeper_items: int = Field(500, ge=1, description="Most deliveries that the sweeper puts back at one time.")
    courier_items: int = Field(200, ge=1, description="Most deliveries that a courier works on in one batch.")
    timers_interval_seconds: float = Field(30.0, gt=0, description="How often timers run: forgotten tokens, checkpoints of the audit chain.")
    egress_allow: tuple[str, ...] = Field(
        (),
        description="Where pushes may go: `host` is port 443 of it alone; `host:port`; `host:*`, any port; `*.example.org`, any host below, on 443; "
        "`*`, anywhere (not in live). Anything else is refused before a connection is made.",
    )
    egress_ca: Path | None = Field(
        None,
        description="CA certificates that partners' servers are checked against, PEM; by default the system's. Required in live where pushes may go anywhere.",
    )
    egress_certificate: Path | None = Field(None, description="Our client certificate for pushes, PEM with its key.")

    # alerts
    alerts_interval_seconds: float = Field(15.0, gt=0, description="How often the rules of alerting are asked, and what came to the audit chain is checked.")
    audit_check_hours: float = Field(24.0, ge=0, description="How often the whole audit chain is checked by itself; 0: only when somebody asks.")
    smtp_url: SecretStr | None = Field(
        None,
        description="Mail server for alerts: `smtp://user:password@host:587` (STARTTLS), `smtps://` (TLS), `smtp+plain://` (on this machine alone). "
        "`egress_allow` has to name host and port.",
    )
    alerts_mail_from: str | None = Field(None, description="Address that alerts are mailed from. Needed with `smtp_url`.")
    alerts_mail_to: tuple[str, ...] = Field((), description="Mailboxes of roles that alerts are mailed to. Needed with `smtp_url`.")
    alerts_webhook_url: str | None = Field(None, description="Where alerts are posted as signed `alert+jws`: https, on a host that `egress_allow` names.")

    # files
    drop_root: Path | None = Field(
        None, description="Folder with one folder per organisation, for partners that exchange files (mode `drop`). Without it their messages wait."
    )
    drop_interval_seconds: float = Field(2.0, gt=0, description="How often the folders of partners that exchange files are looked into.")
    drop_stale_seconds: float = Field(900.0, gt=0, description="How long a batch of files may be incomplete, unchanged, before it is put into quarantine.")
    drop_make_folders: bool = Field(
        default=False, description="Make the folder of an organisation that has none. Leave off where folders are mounts: one that is away is not made anew."
    )

    # log
    log_level: LogLevel = Field(LogLevel.INFO, description="Least severe line that is written: `debug`, `info`, `warning`, `error`.")
    log_format: LogFormat = Field(LogFormat.JSON, description="`json`: a line per event on stderr; `console`: for people.")

    @field_validator("public_url", "console_url")
    @classmethod
    def _no_final_slash(cls, url: str) -> str:
        if not url.startswith(("https://", "http://")):
            raise ValueError("must start with https:// or http://")
        return url.rstrip("/")

    @field_validator("traces_endpoint")
    @classmethod
    def _collector(cls, address: str | None) -> str | None:
        if address and (not address.startswith(("https://", "http://")) or "@" in address):
            raise ValueError("must start with https:// or http:// and hold no password")
        return address or None  # a compose file can leave a variable empty, but not out

    @field_validator("metrics_networks")
    @classmethod
    def _networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for network in networks:
            ipaddress.ip_network(network)
        return networks

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        faults = [text for holds, text in (*self._contradictions(), *self._unsafe_in_live()) if holds]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _contradictions(self) -> tuple[tuple[bool, str], ...]:
        asks = self.client_certificates is not ClientCertificates.NONE
        return (
            ((self.tls_certificate is None) != (self.tls_private_key is None), "tls_certificate and tls_private_key go together"),
            (asks and self.tls_certificate is None, "client_certificates needs tls_certificate: they are seen only where TLS ends"),
            (asks and self.tls_client_ca is None, "client_certificates needs tls_client_ca"),
            (self.tls_ends_at_proxy and self.tls_certificate is not None, "tls_ends_at_proxy contradicts tls_certificate"),
            (self.broker is BrokerKind.RABBITMQ and (not self.broker_url or not self.broker_partners_url), "rabbitmq needs broker_url and broker_partners_url"),
            (
                (self.console_tls_certificate is None) != (self.console_tls_private_key is None),
                "console_tls_certificate and console_tls_private_key go together",
            ),
            (self.console_tls_ends_at_proxy and self.console_tls_certificate is not None, "console_tls_ends_at_proxy contradicts console_tls_certificate"),
            ((self.console_issuer is None) != (self.console_client_id is None), "console_issuer and console_client_id go together"),
            (self.max_bodies_bytes < self.max_body_bytes, "max_bodies_bytes must not be less than max_body_bytes"),
            ((self.smtp_url is not None) != bool(self.alerts_mail_from and self.alerts_mail_to), "smtp_url, alerts_mail_from and alerts_mail_to go together"),
        )

    def _unsafe_in_live(self) -> tuple[tuple[bool, str], ...]:
        live = self.environment is Environment.LIVE
        return (
            (live and not self.public_url.startswith("https://"), "live needs an https public_url"),
            (live and self.tls_certificate is None and not self.tls_ends_at_proxy, "live needs tls_certificate, or tls_ends_at_proxy"),
            (live and self.broker is BrokerKind.MEMORY, "live needs the rabbitmq broker"),
            (live and self.console_bootstrap, "live refuses console_bootstrap"),
            (live and any(place.partition(":")[0] == "*" for place in self.egress_allow), "live needs named hosts in egress_allow"),
            (live and bool(self.egress_allow) and self.egress_ca is None, "live needs egress_ca where egress_allow names hosts"),
        )

    @property
    def tls(self) -> bool:
        """True where TLS ends at our door."""
        return self.tls_certificate is not None

    def check_console(self) -> None:
        """Asked before a console is served: other processes of the same installation need none of this. Raises ConfigurationInvalid."""
        live, secure = self.environment is Environment.LIVE, self.console_url.startswith("https://")
        faults = (
            (not secure and (live or not _on_this_machine(self.console_url)), "console_url must be https (http on this machine alone, and not in live)"),
            (
                live and self.console_tls_certificate is None and not self.console_tls_ends_at_proxy,
                "live needs console_tls_certificate, or console_tls_ends_at_proxy",
            ),
            (live and self.console_issuer is None, "live needs console_issuer: nobody could sign in"),
            (self.console_issuer is not None and not self.console_role_claims, "console_issuer needs console_role_claims: nobody would have a role"),
            *(
                (not _safe_provider(url), "console_issuer and console_discovery_url must be https (http on this machine alone)")
                for url in self._provider_urls()
            ),
        )
        if wrong := [text for holds, text in faults if holds]:
            raise ConfigurationInvalid(f"the console cannot be served: {'; '.join(dict.fromkeys(wrong))}")

    def _provider_urls(self) -> tuple[str, ...]:
        return tuple(url for url in (self.console_issuer, self.console_discovery_url) if url is not None)


def _on_this_machine(url: str) -> bool:
    return urlsplit(url).hostname in {"127.0.0.1", "::1", "localhost"}


def _safe_provider(url: str) -> bool:
    return url.startswith("https://") or (url.startswith("http://") and _on_this_machine(url))


def load_settings(config_file: Path | None = None, env_file: Path | None = None, **given: object) -> Settings:
    """Read and check everything once. Raises ConfigurationInvalid, which names settings and never a value.

    The TOML file is the argument, else what GATEWAY_CONFIG_FILE names. A variable or key that is no setting
    is refused: a misspelt security setting must not be ignored in silence.
    """
    file = config_file or _named_file(os.environ)
    _refuse_unknown(os.environ)
    if file is not None and not file.is_file():
        raise ConfigurationInvalid(f"the settings file {file} is not there")

    try:
        return _sourced(file)(_env_file=env_file, **given)
    except ValidationError as error:
        raise ConfigurationInvalid(_explain(error)) from None
    except ValueError as error:  # TOML and env files that cannot be parsed
        raise ConfigurationInvalid(f"the settings file cannot be read ({type(error).__name__})") from None


def _sourced(file: Path | None) -> Callable[..., Settings]:
    class _Sourced(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            toml = TomlConfigSettingsSource(settings_cls, toml_file=file)
            return init_settings, env_settings, dotenv_settings, file_secret_settings, toml

    return _Sourced


def _named_file(environment: Mapping[str, str]) -> Path | None:
    name = environment.get(CONFIG_FILE_VARIABLE)
    return Path(name) if name else None


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = {CONFIG_FILE_VARIABLE, *(f"{PREFIX}{name}".upper() for name in Settings.model_fields)}
    unknown = sorted(
        name for name in environment if name.upper().startswith(PREFIX) and not name.upper().startswith("GATEWAY_TEST_") and name.upper() not in known
    )
    if unknown:
        raise ConfigurationInvalid(f"no such setting: {', '.join(unknown)}")


def _explain(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, entry['loc'])) or 'settings'}: {entry['msg']}" for entry in error.errors(include_input=False, include_url=False))
