"""What became of the last action, told on the page that follows it.

What it is: a code and two counts in the address (POST, redirect, GET), turned into a sentence here; so nothing that
anybody typed, and no sentence of anybody's making, ever comes out of an address. Called by pages that act.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request

from gateway.console.words import counted

_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "retried": ("success", "{count} put back on the road."),
    "discarding": ("success", "{count} will be ended in a moment: a worker signs the receipt for the sender."),
    "noted": ("success", "Your note was kept."),
    "assigned": ("success", "It is yours now."),
    "unassigned": ("success", "Nobody has it now."),
    "paused": ("success", "The partner is paused: nothing is handed over to it."),
    "resumed": ("success", "Deliveries to the partner go on."),
    "testing": ("success", "A test message will be sent in a moment."),
    "revealed": ("success", "{count} shown for a few minutes. It is on record."),
    "acknowledged": ("success", "The alert is yours now."),
    "muted": ("success", "Nobody is told about this until the time that you chose."),
    "unmuted": ("success", "People are told about this again."),
}
_NOUNS: Final[Mapping[str, tuple[str, str]]] = {"revealed": ("field is", "fields are")}
_DELIVERIES: Final = ("delivery was", "deliveries were")
_LEFT: Final = "{left} left alone: the state had changed, a discard waits, or the recipient had acknowledged."
_MOST: Final = 1_000_000


def after(path: str, code: str, count: int = 0, left: int = 0) -> str:
    """The address of the page that says what was done. Raises KeyError for a code that has no sentence."""
    if code not in _SAID:
        raise KeyError(code)
    numbers = {name: str(value) for name, value in (("count", count), ("left", left)) if value}
    return f"{path}{'&' if '?' in path else '?'}{urlencode({'done': code, **numbers})}"


def notices(request: Request) -> tuple[Mapping[str, str], ...]:
    """What the page has to say; nothing for a code that is not ours."""
    said = _SAID.get(request.query_params.get("done", ""))
    if said is None:
        return ()
    kind, sentence = said
    code = request.query_params["done"]
    told = [{"kind": kind, "text": sentence.format(count=counted(_number(request, "count"), *_NOUNS.get(code, _DELIVERIES)))}]
    if left := _number(request, "left"):
        told.append({"kind": "important", "text": _LEFT.format(left=counted(left, *_DELIVERIES))})
    return tuple(told)


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "0")
    return min(int(text), _MOST) if text.isascii() and text.isdecimal() else 0
