"""The gateway's own keys: made once, private, rotated without losing what they sealed or signed."""

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway import keystore
from gateway.keystore import KeystoreError, Need
from gateway.trust.contract import SignerUnavailable
from gateway.trust.sealing import Unsealable, case_lookup, seal, seal_parcel, unseal, unseal_parcel

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "keys"
    keystore.create(place, issuer="gateway.test", now=NOW)
    return place


def test_made_keys_open(folder: Path) -> None:
    keys = keystore.open_keys(folder)
    assert keys.message_signer.algorithm == "EdDSA"
    assert keys.wss_signer.algorithm == "RS256"
    assert keys.wss_signer.certificate is not None
    assert keys.archive.current == "archive-2026-03-04-1"
    assert len({keys.parcel_key, keys.lookup_key, keys.archive.keys[keys.archive.current]}) == 3
    assert all(len(key) == 32 for key in (keys.parcel_key, keys.lookup_key))


def test_two_installations_share_no_key(folder: Path, tmp_path: Path) -> None:
    keystore.create(tmp_path / "other", issuer="gateway.test", now=NOW)
    one, other = keystore.open_keys(folder), keystore.open_keys(tmp_path / "other")
    assert one.message_signer.key_id != other.message_signer.key_id
    assert one.parcel_key != other.parcel_key


def test_only_the_owner_may_read(folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("name", ["message-1.pem", "wss-1.pem", "parcel.key", "lookup.key", "archive-2026-03-04-1.key"])
def test_a_file_open_to_others_is_refused_and_named(folder: Path, name: str) -> None:
    (folder / name).chmod(0o640)
    with pytest.raises(KeystoreError, match=name):
        keystore.open_keys(folder)
    assert keystore.open_keys(folder, strict=False).parcel_key


def test_a_folder_open_to_others_is_refused(folder: Path) -> None:
    folder.chmod(0o755)
    with pytest.raises(KeystoreError, match="chmod"):
        keystore.open_keys(folder)


def test_keys_are_never_made_over_others(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(KeystoreError, match="already"):
        keystore.create(folder, issuer="gateway.test", now=NOW)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_an_interrupted_making_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "parcel.key").write_text("left over")
    with pytest.raises(KeystoreError, match=r"parcel\.key"):
        keystore.create(tmp_path, issuer="gateway.test", now=NOW)
    assert (tmp_path / "parcel.key").read_text() == "left over"


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeystoreError, match="gateway init"):
        keystore.open_keys(tmp_path)


@pytest.mark.parametrize("content", ["", "zz", "00" * 31, "00" * 33])
def test_a_damaged_secret_is_refused_without_showing_it(folder: Path, content: str) -> None:
    (folder / "lookup.key").write_text(content)
    with pytest.raises(KeystoreError, match="damaged") as caught:
        keystore.open_keys(folder)
    assert not content or content not in str(caught.value)


def test_a_swapped_signing_key_is_refused(folder: Path, tmp_path: Path) -> None:
    keystore.create(tmp_path / "other", issuer="gateway.test", now=NOW)
    (folder / "message-1.pem").write_bytes((tmp_path / "other" / "message-1.pem").read_bytes())
    with pytest.raises(KeystoreError, match="message-1"):
        keystore.open_keys(folder)


def test_a_damaged_manifest_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    for broken in ({**manifest, "signing": []}, {**manifest, "archive": []}, {**manifest, "strange": 1}):
        (folder / "manifest.json").write_text(json.dumps(broken))
        with pytest.raises(KeystoreError, match="manifest"):
            keystore.open_keys(folder)


def test_an_old_archive_key_still_opens(folder: Path) -> None:
    old = seal(b"kept", keystore.open_keys(folder).archive, b"id", lambda count: b"\x07" * count)
    assert keystore.rotate_archive(folder, now=NOW) == "archive-2026-03-04-2"
    assert keystore.rotate_archive(folder, now=NOW + timedelta(days=400)) == "archive-2027-04-08-1"
    keys = keystore.open_keys(folder)
    assert keys.archive.current == "archive-2027-04-08-1"
    assert len(keys.archive.keys) == 3
    assert unseal(old, keys.archive, b"id") == b"kept"
    assert seal(b"new", keys.archive, b"id", lambda count: b"\x08" * count).key_name == "archive-2027-04-08-1"


@pytest.mark.parametrize("use", ["message", "wss"])
def test_a_retired_key_stays_published_and_its_secret_is_gone(folder: Path, use: str) -> None:
    before = keystore.open_keys(folder).public_jwks()["keys"]
    assert keystore.rotate_signing(folder, use, now=NOW) == f"{use}-2"
    keys = keystore.open_keys(folder)
    after = keys.public_jwks()["keys"]
    assert isinstance(before, list)
    assert isinstance(after, list)
    assert len(after) == len(before) + 1
    assert all(jwk in after for jwk in before)
    assert not (folder / f"{use}-1.pem").exists()
    assert keystore.read_public_jwks(folder) == keys.public_jwks()
    signer = keys.message_signer if use == "message" else keys.wss_signer
    assert signer.key_id not in {jwk["kid"] for jwk in before}


def test_an_unknown_use_is_refused(folder: Path) -> None:
    with pytest.raises(KeystoreError, match="no such use"):
        keystore.rotate_signing(folder, "tls", now=NOW)


def test_nothing_published_is_private(folder: Path) -> None:
    published = keystore.open_keys(folder).public_jwks()["keys"]
    assert isinstance(published, list)
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & {name for jwk in published for name in jwk}


def test_keys_do_not_print_their_secrets(folder: Path) -> None:
    keys = keystore.open_keys(folder)
    shown = repr(keys)
    assert keys.parcel_key.hex() not in shown
    assert repr(keys.parcel_key) not in shown
    assert repr(keys.lookup_key) not in shown
    assert all(repr(key) not in shown for key in keys.archive.keys.values())


@pytest.mark.parametrize(
    ("need", "files"),
    [
        (Need.NOTHING, []),
        (Need.MESSAGE, ["message-1.pem"]),
        (Need.WSS, ["wss-1.pem", "wss-1.crt"]),
        (Need.SEAL, ["archive-2026-03-04-2.key"]),
        (Need.OPEN, ["archive-2026-03-04-1.key", "archive-2026-03-04-2.key"]),
        (Need.PARCEL, ["parcel.key"]),
        (Need.LOOKUP, ["lookup.key"]),
    ],
)
def test_only_the_files_that_are_needed_have_to_be_there(folder: Path, need: Need, files: list[str]) -> None:
    keystore.rotate_archive(folder, now=NOW)
    for path in folder.iterdir():
        if path.name not in {"manifest.json", *files}:
            path.unlink()
    keys = keystore.open_keys(folder, need=need)
    assert keys.public_jwks() == keystore.read_public_jwks(folder)
    assert sorted(keys.archive.keys) == sorted(name.removesuffix(".key") for name in files if name.startswith("archive"))
    with pytest.raises(KeystoreError):
        keystore.open_keys(folder)


def test_a_key_that_was_not_given_is_unavailable_and_never_empty(folder: Path) -> None:
    keys, whole = keystore.open_keys(folder, need=Need.NOTHING), keystore.open_keys(folder)
    uses: list[Callable[[], object]] = [
        lambda: keys.message_signer.sign(b"data"),
        lambda: keys.wss_signer.sign(b"data"),
        lambda: keys.wss_signer.certificate,
        lambda: keys.message_signer.public_key,
        lambda: seal(b"data", keys.archive, b"id", secrets.token_bytes),
        lambda: seal_parcel(b"data", keys.parcel_key, b"id", secrets.token_bytes),
        lambda: unseal_parcel(b"0" * 60, keys.parcel_key, b"id"),
        lambda: case_lookup(keys.lookup_key, "X000001"),
    ]
    for use in uses:
        with pytest.raises(SignerUnavailable):
            use()
    assert (keys.message_signer.key_id, keys.message_signer.algorithm) == (whole.message_signer.key_id, "EdDSA")
    assert keys.wss_signer.key_id == whole.wss_signer.key_id
    sealed = seal(b"data", whole.archive, b"id", secrets.token_bytes)
    with pytest.raises(Unsealable):
        unseal(sealed, keys.archive, b"id")
