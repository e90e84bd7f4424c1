"""Sealed bytes open for the right key in the right place, and for nothing else."""

import secrets
from dataclasses import replace

import pytest

from gateway.trust.sealing import ArchiveKeys, Unsealable, case_lookup, seal, seal_parcel, unseal, unseal_parcel

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
KEYS = ArchiveKeys("new", {"old": OLD, "new": NEW})
PLAIN = b"a case note"
PLACE = b"message\x00m-1"


def test_round_trip_and_nothing_shows() -> None:
    sealed = seal(PLAIN, KEYS, PLACE, secrets.token_bytes)
    assert unseal(sealed, KEYS, PLACE) == PLAIN
    assert sealed.key_name == "new"
    assert PLAIN not in sealed.ciphertext
    assert len(sealed.ciphertext) == 12 + len(PLAIN) + 16


def test_every_seal_is_fresh() -> None:
    one, two = (seal(PLAIN, KEYS, PLACE, secrets.token_bytes) for _ in range(2))
    assert one.ciphertext != two.ciphertext
    assert one.wrapped_key != two.wrapped_key


def test_randomness_is_what_was_handed_in() -> None:
    drawn: list[int] = []

    def random(count: int) -> bytes:
        drawn.append(count)
        return bytes(count)

    assert seal(PLAIN, KEYS, PLACE, random) == seal(PLAIN, KEYS, PLACE, random)
    assert drawn == [56, 56]


def test_an_older_key_still_opens() -> None:
    before = ArchiveKeys("old", {"old": OLD})
    assert unseal(seal(PLAIN, before, PLACE, secrets.token_bytes), KEYS, PLACE) == PLAIN


def test_another_place_another_key_another_name() -> None:
    sealed = seal(PLAIN, KEYS, PLACE, secrets.token_bytes)
    other = seal(PLAIN, KEYS, PLACE, secrets.token_bytes)
    attempts = [
        (sealed, KEYS, b"message\x00m-2"),
        (sealed, ArchiveKeys("new", {"new": OLD}), PLACE),
        (sealed, ArchiveKeys("old", {"old": OLD}), PLACE),
        (replace(sealed, key_name="old"), ArchiveKeys("old", {"old": NEW}), PLACE),
        (replace(sealed, wrapped_key=other.wrapped_key), KEYS, PLACE),
        (replace(sealed, wrapped_key=b""), KEYS, PLACE),
        (replace(sealed, ciphertext=b""), KEYS, PLACE),
    ]
    for attempt, keys, place in attempts:
        with pytest.raises(Unsealable):
            unseal(attempt, keys, place)


def test_no_bit_may_change() -> None:
    sealed = seal(PLAIN, KEYS, PLACE, secrets.token_bytes)
    for name in ("ciphertext", "wrapped_key"):
        content = getattr(sealed, name)
        for place in range(len(content)):
            with pytest.raises(Unsealable):
                unseal(replace(sealed, **{name: content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]}), KEYS, PLACE)


def test_parcels() -> None:
    sealed = seal_parcel(PLAIN, OLD, PLACE, secrets.token_bytes)
    assert unseal_parcel(sealed, OLD, PLACE) == PLAIN
    for wrong in ((sealed, NEW, PLACE), (sealed, OLD, b""), (sealed[:-1], OLD, PLACE), (b"", OLD, PLACE)):
        with pytest.raises(Unsealable):
            unseal_parcel(*wrong)


def test_a_case_is_found_without_being_named() -> None:
    assert case_lookup(OLD, "K262456") == case_lookup(OLD, "K262456") != case_lookup(NEW, "K262456")
    assert len(case_lookup(OLD, "K262456")) == 64


@pytest.mark.parametrize(("current", "keys"), [("missing", {"new": NEW}), ("new", {"new": b"short"}), ("new", {})])
def test_keys_that_cannot_work(current: str, keys: dict[str, bytes]) -> None:
    with pytest.raises(ValueError, match="key"):
        ArchiveKeys(current, keys)


def test_keys_do_not_show_themselves() -> None:
    assert repr(OLD)[2:-1] not in repr(ArchiveKeys("old", {"old": OLD}))
