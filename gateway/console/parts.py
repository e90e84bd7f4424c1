"""What the console's pages are given: the parts of the house that they may use, as one value.

What it is: made by `bootstrap`, handed to every page module's `routes`. What it is not: a way to a signing key, to
the broker or to a partner: none of them is here. Called by `app` and by every page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import HTMLResponse

from gateway.config import Settings
from gateway.console.bootstrap_operator import BootstrapOperator
from gateway.console.cookies import Cookies
from gateway.console.headers import NONCE_KEY
from gateway.console.identity import IdentityProvider
from gateway.console.rendering import environment, markup
from gateway.console.sessions import Sessions
from gateway.console.viewer import Viewer
from gateway.contract import Clock, Store
from gateway.control.desk import Desk
from gateway.control.looking import Looking
from gateway.partners.directory import Directory
from gateway.telemetry import Telemetry

_BOOTSTRAP_NOTICE: Mapping[str, str] = {
    "text": "Development sign-in: every role, and no name of your own.",
}


@dataclass(frozen=True, slots=True)
class _Context:
    viewer: Viewer | None
    environment: str
    path: str
    nonce: str


class Renderer:
    """Makes pages for one environment."""

    def __init__(self, environment: str) -> None:
        self._environment = environment

    def page(self, request: Request, viewer: Viewer | None, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
        """The page, with the banner of the operator for development where that is who looks."""
        context = _Context(viewer, self._environment, request.url.path, getattr(request.state, NONCE_KEY, ""))
        if viewer is not None and viewer.is_bootstrap:
            given = values.get("notices", ())
            values["notices"] = (_BOOTSTRAP_NOTICE, *(given if isinstance(given, tuple | list) else ()))
        return HTMLResponse(markup(environment().get_template(template), context, **values), status)


def no_figures() -> Mapping[str, str]:
    """Live cells of a console that has none."""
    return {}


def no_keys() -> Mapping[str, object]:
    """Published keys of a console that was given none."""
    return {"keys": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleParts:
    """Everything that a page may use."""

    settings: Settings
    store: Store
    directory: Callable[[], Directory]
    """The present snapshot of who is who."""
    clock: Clock
    telemetry: Telemetry
    sessions: Sessions
    cookies: Cookies
    renderer: Renderer
    desk: Desk
    """What actions work with."""
    looking: Looking
    """The way to a message's content, on record."""
    provider: IdentityProvider | None = None
    """Whom people sign in with; None where none is set."""
    bootstrap: BootstrapOperator | None = None
    """The operator for development; None everywhere else."""
    figures: Callable[[], Mapping[str, str]] = field(default=no_figures)
    """Every live cell: its key and its text."""
    jwks: Callable[[], Mapping[str, object]] = field(default=no_keys)
    """The gateway's own published keys, those that signed before included: what checkpoints are believed by."""
