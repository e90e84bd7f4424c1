"""Live cells: every figure that changes on an open page, by key, from one picture of the gateway.

What it is: the pure function from a picture to texts. What it is not: a page: pages write the same texts under the same
keys, so that what a script replaces is what the server would have written. Called by the ticker of `live`.
"""

from collections.abc import Mapping

from gateway.console.words import HEALTH, number, tag_of
from gateway.control.picture import Line, Picture
from gateway.records import DeliveryState

COUNTED = (DeliveryState.WAITING, DeliveryState.RETRYING, DeliveryState.HANDED_OVER, DeliveryState.SET_ASIDE, DeliveryState.REFUSED)


def cells(picture: Picture, alerts: int, delivered_today: int) -> Mapping[str, str]:
    """Key → text."""
    found = {
        "total.waiting": number(picture.total("waiting")),
        "total.in_flight": number(picture.total("in_flight")),
        "total.dead": number(picture.total("dead")),
        "total.late": number(picture.total("late")),
        "total.trouble": number(len(picture.in_trouble)),
        "total.alerts": number(alerts),
        "total.delivered": number(delivered_today),
    }
    for line in picture.lines:
        found |= {f"{line.party}.{name}": text for name, text in _of(line).items()}
    return found | {f"health.{name}": tag_of(HEALTH, health).text for name, health in picture.health.items()}


def _of(line: Line) -> dict[str, str]:
    counts = {state.value: number(line.count(state)) for state in COUNTED}
    return {**counts, "on_the_road": number(line.waiting), "in_flight": number(line.in_flight), "dead": number(line.dead), "late": number(line.late)}
