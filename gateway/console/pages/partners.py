"""Partners: every organisation, how it is doing, what waits for it, and how long its keys last.

What it is: the list, by health, by standing, by party. What it is not: one partner: see `partner`.
"""

from collections.abc import Sequence
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.console.words import HEALTH
from gateway.control.cards import Card, cards
from gateway.control.picture import take
from gateway.oversight.access import Permission
from gateway.oversight.health import Health
from gateway.partners.party import Standing

Watcher = Annotated[Viewer, Depends(permitted(Permission.WATCH))]
TROUBLE: Final = "trouble"
_IN_TROUBLE: Final = frozenset({Health.DOWN, Health.STRUGGLING})
Asked = Annotated[str, Query(max_length=40)]


def routes(parts: ConsoleParts) -> APIRouter:
    """The one page."""
    router = APIRouter()

    @router.get("/partners")
    def partners(request: Request, viewer: Watcher, health: Asked = "", standing: Asked = "", party: Asked = "") -> Response:
        """Those that need somebody come first."""
        now, directory = parts.clock(), parts.directory()
        picture = take(parts.store, directory, now)
        everybody = cards(picture, directory)
        asked = {name: value for name, value in (("health", health), ("standing", standing), ("party", party)) if value}
        return parts.renderer.page(
            request,
            viewer,
            "partners.html",
            picture=picture,
            cards=[card for card in everybody if _in(card, health, standing, party)],
            among=len(everybody),
            asked=asked,
            selected=_selected(asked),
            healths=[(TROUBLE, "In trouble: down or struggling"), *((one.value, HEALTH[one].text) for one in Health)],
            standings=[(one.value, one.value.capitalize()) for one in Standing],
            parties=[(line.party, f"{line.party}, {line.name}") for line in picture.lines],
            live=True,
            figures_at=now,
        )

    return router


def _in(card: Card, health: str, standing: str, party: str) -> bool:
    return (
        (not health or card.health.value == health or (health == TROUBLE and card.health in _IN_TROUBLE))
        and (not standing or card.organisation.standing.value == standing)
        and (not party or party in {line.party for line in card.lines})
    )


def _selected(asked: dict[str, str]) -> Sequence[dict[str, object]]:
    """What is filtered by, each with the address of the list without it. The words are ours: a value that is none of ours finds nothing."""
    return [
        {"heading": name.capitalize(), "items": [{"text": value.replace("-", " "), "href": _address({**asked, name: ""})}]} for name, value in asked.items()
    ]


def _address(asked: dict[str, str]) -> str:
    kept = {name: value for name, value in asked.items() if value}
    return f"/partners?{urlencode(kept)}" if kept else "/partners"
