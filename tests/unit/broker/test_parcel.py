"""Parcels come back as they went; anything else is unreadable, and nothing worse."""

import json

import pytest

from broker.parcel import Parcel, ParcelUnreadable, decode, encode
from schemas.identifiers import DeliveryId, PartyCode

HEAD = {"v": 1, "step": "deliver", "delivery": "d-1", "recipient": "C05", "lane": "lane", "inline": True}


@pytest.mark.parametrize("sealed", [None, b"", b"\n\x00sealed\n"])
def test_a_parcel_comes_back_as_it_went(sealed: bytes | None) -> None:
    parcel = Parcel("deliver", DeliveryId("d-1"), PartyCode("C05"), "lane", sealed)
    assert decode(encode(parcel)) == parcel


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\n",
        b"{}\n",
        b"[1]\n",
        b"7\n",
        json.dumps(HEAD).encode(),
        b"[" * 100_000 + b"\n",
        *(json.dumps(HEAD | changed).encode() + b"\nsealed" for changed in ({"v": 2}, {"delivery": 1}, {"step": None}, {"lane": ["lane"]})),
        *(json.dumps(HEAD | {"delivery": text}).encode() + b"\nsealed" for text in ("d\x00", "\ud800", "d\n1")),
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_parcel_is_unreadable(body: bytes) -> None:
    with pytest.raises(ParcelUnreadable):
        decode(body)
