"""Troubles of an endpoint that are told by the message, whatever its signature."""

from datetime import UTC, datetime

import pytest

from gateway.rehearsal import interchange
from gateway.rehearsal.flaws import Flaws
from gateway.rehearsal.interchange import Addressing
from gateway.rehearsal.listener import Answer, Request
from gateway.rehearsal.troubles import Troubled


def soap(reference: str, mark: str) -> bytes:
    addressing = Addressing(sender="N00", receiver="C16", reference=reference, prepared_at=datetime(2026, 11, 23, tzinfo=UTC))
    content = interchange.write(interchange.CONTACT, addressing, {}).decode()
    return f"<e:Envelope><e:Header><Signature>{mark}</Signature></e:Header><e:Body Id='{mark}'>{content}</e:Body></e:Envelope>".encode()


@pytest.mark.parametrize(
    ("first", "again", "other"),
    [(b"h.cGF5bG9hZA.one", b"h.cGF5bG9hZA.two", b"h.b3RoZXI.one"), (soap("1", "one"), soap("1", "two"), soap("2", "one"))],
    ids=["jws", "soap"],
)
def test_put_off_once_is_taken_when_it_comes_again_under_a_fresh_signature(first: bytes, again: bytes, other: bytes) -> None:
    troubled = Troubled(lambda _: Answer(200), Flaws(("http-503-then-ok",)))
    assert [troubled(Request("/messages", {}, body, "POST")).status for body in (first, again, other)] == [503, 200, 503]
