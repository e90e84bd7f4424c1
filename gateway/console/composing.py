"""From settings to a console: its provider, its sessions, its operator for development.

What it is: wiring, called by `bootstrap` once. What it is not: a server. Raises ConfigurationInvalid.
"""

import ssl
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

import httpx

from broker.free_ports import free_port
from gateway.config import ClientCertificates, Settings
from gateway.console.app import Console, create_console
from gateway.console.bootstrap_operator import BootstrapOperator
from gateway.console.claims import claim_table
from gateway.console.cookies import Cookies
from gateway.console.figures import cells
from gateway.console.identity import OpenIdProvider, Registration
from gateway.console.pages.overview import delivered_since, start_of_day
from gateway.console.parts import ConsoleParts, Renderer, no_keys
from gateway.console.sessions import Lifetimes, Sessions
from gateway.contract import Clock, Store
from gateway.control.desk import Desk
from gateway.control.looking import Looking
from gateway.control.picture import take
from gateway.exchange.means import Means
from gateway.oversight.records import AlertState
from gateway.partners.directory import Directory
from gateway.telemetry import Telemetry
from gateway.trust.sealing import case_lookup

PublishedKeys = Callable[[], Mapping[str, object]]
_WELL_KNOWN = "/.well-known/openid-configuration"
_PROVIDER_SECONDS = 10.0
MOST_FIRING = 1000
"""Alerts that are counted; with more, nobody counts."""


def compose(
    settings: Settings, store: Store, directory: Callable[[], Directory], clock: Clock, telemetry: Telemetry, means: Means, jwks: PublishedKeys = no_keys
) -> Console:
    """The application, ready to be served."""
    return create_console(console_parts(settings, store, directory, clock, telemetry, means, jwks))


def console_parts(
    settings: Settings, store: Store, directory: Callable[[], Directory], clock: Clock, telemetry: Telemetry, means: Means, jwks: PublishedKeys = no_keys
) -> ConsoleParts:
    """What its pages may use. Of the means, what opens and finds; nothing here signs."""
    settings.check_console()
    lifetimes = Lifetimes(timedelta(seconds=settings.console_idle_seconds), timedelta(seconds=settings.console_session_seconds))
    desk = Desk(store, clock, means.new_id)
    return ConsoleParts(
        desk=desk,
        looking=Looking(desk, means.archive, partial(case_lookup, means.lookup_key)),
        jwks=jwks,
        figures=partial(_figures, store, directory, clock),
        settings=settings,
        store=store,
        directory=directory,
        clock=clock,
        telemetry=telemetry,
        sessions=Sessions(store.oversight, clock, lifetimes),
        cookies=Cookies(secure=settings.console_url.startswith("https://")),
        renderer=Renderer(settings.environment.value),
        provider=_provider(settings, clock),
        bootstrap=BootstrapOperator(settings.environment, store.oversight, clock, time.monotonic) if settings.console_bootstrap else None,
    )


def with_free_port(settings: Settings) -> Settings:
    """Port 0 becomes a free one before the console is made: its own address is part of what it checks requests by."""
    if settings.console_port != 0:
        return settings
    port = free_port(settings.console_host)
    named = {} if "console_url" in settings.model_fields_set else {"console_url": f"http://127.0.0.1:{port}"}
    return settings.model_copy(update={"console_port": port, **named})


def console_door(settings: Settings) -> Settings:
    """What the server reads, with the console's own address and certificate in the place of the API's."""
    return settings.model_copy(
        update={
            "http_host": settings.console_host,
            "http_port": settings.console_port,
            "tls_certificate": settings.console_tls_certificate,
            "tls_private_key": settings.console_tls_private_key,
            "tls_ends_at_proxy": settings.console_tls_ends_at_proxy,
            "tls_client_ca": None,
            "client_certificates": ClientCertificates.NONE,
        }
    )


def _provider(settings: Settings, clock: Clock) -> OpenIdProvider | None:
    if settings.console_issuer is None or settings.console_client_id is None:
        return None
    secret = settings.console_client_secret
    known_as = Registration(
        issuer=settings.console_issuer,
        discovery_url=settings.console_discovery_url or settings.console_issuer.rstrip("/") + _WELL_KNOWN,
        client_id=settings.console_client_id,
        client_secret=secret.get_secret_value() if secret else None,
        scopes=settings.console_scopes,
        token=settings.console_token,
        audience=settings.console_token_audience,
        table=claim_table(settings.console_role_claims, settings.console_claim_paths, settings.console_subject_claim),
    )
    context = ssl.create_default_context(cafile=str(settings.console_provider_ca) if settings.console_provider_ca else None)
    # No redirects: an endpoint that moves has to be discovered again, not followed with a secret in hand.
    http = httpx.Client(verify=context, timeout=_PROVIDER_SECONDS, follow_redirects=False)
    return OpenIdProvider(known_as, http, clock)


def _figures(store: Store, directory: Callable[[], Directory], clock: Clock) -> Mapping[str, str]:
    """Every live cell, from one look at the store."""
    now = clock()
    midnight = start_of_day(now)
    firing = store.oversight.alerts(AlertState.FIRING, MOST_FIRING)
    return cells(take(store, directory(), now), len(firing), delivered_since(store.watch.tallies(midnight, now), midnight))
