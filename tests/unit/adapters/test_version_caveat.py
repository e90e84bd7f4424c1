"""Every dialect that writes messages says where two versions differ in a way that nobody knows."""

import pytest

from adapters.catalogue import DIALECTS, POINTING
from adapters.contract import Document
from schemas.envelope import Message
from schemas.identifiers import MessageId
from schemas.versions import unknown_between
from tests.support.dialects import outgoing, vector

WRITING = sorted(DIALECTS.keys() - POINTING)


def _written(dialect: str, version: str) -> Document:
    """A message of 0-9-14 for a partner of another version."""
    (entry,) = DIALECTS["ndelius"].read(vector("plain/CustodyDate-ins-full.xml")).entries
    message = Message(MessageId("0197a3c0-0000-7000-8000-000000000000"), entry.header, entry.payload)  # type: ignore[union-attr]
    assert message.header.version == "0-9-14"
    return DIALECTS[dialect].write(message, outgoing(version=version))


@pytest.mark.parametrize("version", ["0-9-9", "0-9-12"])
@pytest.mark.parametrize("dialect", WRITING)
def test_an_unknown_difference_is_named(dialect: str, version: str) -> None:
    told = [item.reason for item in _written(dialect, version).left_out if item.pointer == "/header/version"]
    assert told == [unknown_between("0-9-14", version)]


@pytest.mark.parametrize("version", ["0-9-13", "0-9-14"])
@pytest.mark.parametrize("dialect", WRITING)
def test_where_nothing_is_known_to_differ_nothing_is_said(dialect: str, version: str) -> None:
    assert not [item for item in _written(dialect, version).left_out if item.pointer == "/header/version"]
