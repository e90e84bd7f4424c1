"""The doors: the server of the API and that of the console, made and started.

What it is: the two roles that people and partners call, wired. What it is not: loaded by the other roles: web framework,
pages and forms are a quarter of the memory of a process. Called by `bootstrap`.
"""

from collections.abc import Callable, Mapping

from gateway.api.app import create_app
from gateway.api.parts import ApiParts
from gateway.api.server import BackgroundServer
from gateway.config import Settings
from gateway.console.app import stop_console
from gateway.console.composing import compose, console_door, with_free_port
from gateway.contract import Clock, Store
from gateway.exchange.means import Means
from gateway.partners.directory import Directory
from gateway.pipeline import Pipeline
from gateway.telemetry import Telemetry

PublicKeys = Callable[[], Mapping[str, object]]


def open_api(
    settings: Settings, store: Store, directory: Callable[[], Directory], clock: Clock, telemetry: Telemetry, pipeline: Pipeline, jwks: PublicKeys
) -> BackgroundServer:
    """The partners' door. Raises ServerNotStarted."""
    parts = ApiParts(settings=settings, intake=pipeline, store=store, directory=directory, jwks=jwks, clock=clock, telemetry=telemetry)
    server = BackgroundServer(create_app(parts), settings)
    server.start()
    return server


def open_console(
    settings: Settings, store: Store, directory: Callable[[], Directory], clock: Clock, telemetry: Telemetry, means: Means, jwks: PublicKeys
) -> tuple[BackgroundServer, str | None]:
    """The operators' door, and the one-time token of the operator for development where there is one. Raises ServerNotStarted."""
    settled = with_free_port(settings)
    app = compose(settled, store, directory, clock, telemetry, means, jwks)
    operator = app.state.parts.bootstrap
    server = BackgroundServer(app, console_door(settled), stop_console)
    server.start()
    return server, operator.new_token() if operator is not None else None
