"""Messages of the whole language, over made-up people: no page about them holds what is hidden, before or beside a reveal."""

import html
import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from gateway.exchange.results import Accepted
from gateway.oversight.access import Role
from gateway.trust.sealing import unseal
from schemas.catalogue import CATALOGUE, load
from schemas.classes import FieldClass, class_of
from schemas.envelope import Message
from schemas.identifiers import MessageId
from schemas.leaves import Path as Way
from tests.support.console_world import Lit, light
from tests.support.spg_to_c17 import names, to_c17
from tests.support.world import seal_soap

_TELLING = 4
"""Shorter values stand in every page by chance."""


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lit, dict[str, MessageId]]]:
    """Every plain vector that can be sent from nDelius to C17, accepted."""
    lit = light(f"sqlite:///{tmp_path_factory.mktemp('privacy') / 'gateway.db'}")
    found: dict[str, MessageId] = {}
    for name in names():
        wire = seal_soap(lit.world, to_c17(name))
        result = lit.world.pipeline.submit([lit.world.submission("ndelius", wire, channel="soap", peer=None)])[0]
        if isinstance(result, Accepted):
            found |= {f"{name}/{number}": one for number, one in enumerate(result.message_ids)}
    lit.world.deliver("C17")
    yield lit, found
    lit.world.store.close()


def _opened(lit: Lit, message_id: MessageId) -> Message:
    record = lit.world.store.queries.messages([message_id])[message_id]
    return load(unseal(record.canonical, lit.world.means.archive, message_id.encode()))


def _hidden(value: object, root: type[BaseModel], way: Way = ()) -> Iterator[str]:
    """Every value that says something of a person, read another way than by the code under test."""
    if isinstance(value, BaseModel):
        for name in value.model_fields_set:
            yield from _hidden(getattr(value, name), root, (*way, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _hidden(item, root, way)
    elif value is not None and class_of(root, way) is not FieldClass.CODE:
        yield str(value)


def _secrets(message: Message) -> set[str]:
    values = {*_hidden(message.payload, type(message.payload)), message.header.case_reference or ""}
    return {value for value in values if len(value) >= _TELLING}


def _text(page: str) -> str:
    """As a person, or a program, could read it."""
    return html.unescape(page)


def test_every_type_of_a_case_is_among_them(sent: tuple[Lit, dict[str, MessageId]]) -> None:
    lit, ids = sent
    kinds = {lit.world.store.queries.messages([one])[one].type for one in ids.values()}
    assert len(kinds) >= 18
    assert kinds <= set(CATALOGUE)
    assert sum(len(_secrets(_opened(lit, one))) for one in ids.values()) > 150


def test_no_page_of_a_message_holds_what_is_hidden(sent: tuple[Lit, dict[str, MessageId]]) -> None:
    lit, ids = sent
    browser = lit.browser(Role.OPERATOR, Role.REVEAL)
    for name, one in ids.items():
        page = browser.get(f"/messages/{one}")
        assert page.status_code == 200, name
        assert not [secret for secret in _secrets(_opened(lit, one)) if secret in _text(page.text)], name


def test_no_list_holds_what_is_hidden(sent: tuple[Lit, dict[str, MessageId]]) -> None:
    lit, ids = sent
    page = _text(lit.browser(Role.OPERATOR).get("/messages").text)
    assert sum(one in page for one in ids.values()) == len(ids)
    for name, one in ids.items():
        assert not [secret for secret in _secrets(_opened(lit, one)) if secret in page], name


def test_every_hidden_field_can_be_revealed_and_shows_that_value_alone(sent: tuple[Lit, dict[str, MessageId]]) -> None:
    lit, ids = sent
    browser = lit.browser(Role.REVEAL)
    name = next(name for name in ids if name.startswith("Event-ins"))
    secrets = _secrets(_opened(lit, ids[name]))
    offered = re.findall(r'type="checkbox" name="field" value="([^"]+)"', browser.get(f"/messages/{ids[name]}").text)
    shown: set[str] = set()
    for place in range(0, len(offered), 20):
        chosen = offered[place : place + 20]
        assert browser.post(f"/messages/{ids[name]}/reveal", {"field": chosen, "purpose": "fault"}).status_code == 303  # type: ignore[dict-item]
        page = _text(browser.get(f"/messages/{ids[name]}").text)
        shown = {secret for secret in secrets if secret in page}
    assert shown == secrets
