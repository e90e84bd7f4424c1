"""From values to pages: the Jinja environment of the console.

What it is: our templates, strict (an undefined name is an error, every value is escaped), and the macros of the
GOV.UK Design System, which lean on names being absent and so live in an environment of their own; our templates
see them as plain functions. What it is not: any page. Called by every page as `render(context, template, **values)`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from jinja2 import ChainableUndefined, Environment, FileSystemLoader, PackageLoader, PrefixLoader, StrictUndefined, Template
from markupsafe import Markup
from starlette.responses import HTMLResponse

from gateway.console import words
from gateway.console.assets import Assets
from gateway.oversight.redaction import shown_id

_GOVUK = "govuk_frontend_jinja"
_TEMPLATES = Path(__file__).parent / "templates"
_COMPONENTS = {
    "govukBackLink": "back-link",
    "govukBreadcrumbs": "breadcrumbs",
    "govukButton": "button",
    "govukCharacterCount": "character-count",
    "govukCheckboxes": "checkboxes",
    "govukDateInput": "date-input",
    "govukDetails": "details",
    "govukErrorMessage": "error-message",
    "govukErrorSummary": "error-summary",
    "govukFieldset": "fieldset",
    "govukGenericHeader": "generic-header",
    "govukHint": "hint",
    "govukInput": "input",
    "govukInsetText": "inset-text",
    "govukLabel": "label",
    "govukNotificationBanner": "notification-banner",
    "govukPagination": "pagination",
    "govukPanel": "panel",
    "govukPasswordInput": "password-input",
    "govukRadios": "radios",
    "govukSelect": "select",
    "govukServiceNavigation": "service-navigation",
    "govukSkipLink": "skip-link",
    "govukSummaryList": "summary-list",
    "govukTable": "table",
    "govukTabs": "tabs",
    "govukTag": "tag",
    "govukTextarea": "textarea",
    "govukWarningText": "warning-text",
}
"""The macros that templates may call. The footer, and the header with the mark, are left out on purpose."""


class Viewer(Protocol):
    """Who is looking."""

    @property
    def name(self) -> str: ...

    @property
    def csrf(self) -> str:
        """What every form of theirs carries."""

    @property
    def permissions(self) -> Iterable[str]: ...


class PageContext(Protocol):
    """What every page is told besides its own values."""

    @property
    def viewer(self) -> Viewer | None:
        """None before sign-in."""

    @property
    def environment(self) -> str:
        """dev, test or live."""

    @property
    def path(self) -> str: ...

    @property
    def nonce(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation, shown to whoever holds the permission."""

    text: str
    path: str
    permission: str


PLACES = (
    Place("Overview", "/", "watch"),
    Place("Queues", "/queues", "watch"),
    Place("Dead letters", "/dead-letters", "watch"),
    Place("Messages", "/messages", "search"),
    Place("Receipts", "/receipts", "watch"),
    Place("Partners", "/partners", "watch"),
    Place("Alerts", "/alerts", "watch"),
    Place("Audit", "/audit", "audit"),
    Place("Sessions", "/sessions", "sessions"),
)
ENVIRONMENTS = {"dev": "Development", "test": "Test", "live": "Live"}
_OPTIONAL: dict[str, object] = {"errors": (), "notices": (), "crumbs": (), "back": "", "live": False, "search_text": "", "figures_at": None}
"""What the layout shows where a page gives it: the only names that a page may leave out."""


@cache
def assets() -> Assets:
    """The static files, read once."""
    return Assets()


@cache
def govuk_environment() -> Environment:
    """The design system's macros, as their makers mean them to be loaded."""
    loader = PrefixLoader({_GOVUK: PackageLoader(_GOVUK)})
    return Environment(loader=loader, autoescape=True, undefined=ChainableUndefined)


@cache
def environment(*folders: Path) -> Environment:
    """Our templates. Further folders are searched first: tests bring pages of their own."""
    made = Environment(
        loader=FileSystemLoader((*folders, _TEMPLATES)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    made.globals.update({name: _component(folder, name) for name, folder in _COMPONENTS.items()})
    made.globals.update(asset=assets().url, places=PLACES, environments=ENVIRONMENTS, tag_of=words.tag_of)
    made.globals.update(STATES=words.STATES, HEALTH=words.HEALTH, ALERTS=words.ALERTS, ORDERS=words.ORDERS, RECEIPTS=words.RECEIPTS)
    filters = (
        words.uk_date,
        words.uk_time,
        words.uk_moment,
        words.uk_exact,
        words.uk_short,
        words.iso,
        words.from_iso,
        words.duration,
        words.number,
        words.counted,
        shown_id,
    )
    made.filters.update({function.__name__: function for function in filters})
    return made


def render(context: PageContext, template: str, *, status: int = HTTPStatus.OK, folders: tuple[Path, ...] = (), **values: object) -> HTMLResponse:
    """The page. An undefined name in a template of ours raises: a page is whole or it is an error."""
    return HTMLResponse(markup(environment(*folders).get_template(template), context, **values), status_code=status)


def markup(template: Template, context: PageContext, **values: object) -> str:
    """The text of the page; the environment escaped every value."""
    told = {"viewer": context.viewer, "environment": context.environment, "path": context.path, "nonce": context.nonce}
    return template.render({**_OPTIONAL, **values, **told})


def _component(folder: str, name: str) -> partial[Markup]:
    """One macro of the design system as a function. Loaded at the first call: most pages need few of the thirty."""
    return partial(_call, folder, name)


def _call(folder: str, name: str, params: dict[str, object]) -> Markup:
    made: Markup = _macro(folder, name)(params)
    return made


@cache
def _macro(folder: str, name: str) -> partial[Markup]:
    module = govuk_environment().get_template(f"{_GOVUK}/components/{folder}/macro.html").module
    return partial(getattr(module, name))
