"""`gateway key …`: partners' pinned keys, and the gateway's own.

What it is: public halves, thumbprints and validity. What it is not: a way to see a private key: a new one
goes into a file that its owner alone may read.
"""

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.options import AsJson
from gateway.commands.output import Answer, CommandError, Exit, Table, answer, progress

app = typer.Typer(help="Keys: partners' pinned ones and the gateway's own.", no_args_is_help=True)


@app.command("list")
def list_(
    *,
    organisation: Annotated[str | None, typer.Option(help="Only of this organisation.")] = None,
    as_json: AsJson = False,
) -> None:
    """Every pinned key with its use, its end and whom it may speak for."""
    from gateway.commands import shapes
    from gateway.commands.context import now, operating

    with operating() as desk:
        keys = desk.operations.directory().keyring.keys.values()
    found = sorted((key for key in keys if organisation in {None, key.organisation}), key=lambda key: (key.organisation, key.use, key.not_after))
    at = now()
    table = Table(shapes.KEY_COLUMNS, tuple(shapes.key_row(key, at) for key in found), empty="No keys are pinned.")
    answer(Answer("keys/1", {"keys": [shapes.key(key, at) for key in found]}, (table,)), as_json=as_json)


@app.command()
def add(
    organisation: Annotated[str, typer.Argument(metavar="ORGANISATION", help="Whose key it is.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A public JWK (JSON) or a certificate (PEM).")],
    *,
    use: Annotated[str, typer.Option(help="sign (messages and receipts), auth (caller tokens) or tls (client certificates).")],
    speaks_for: Annotated[list[str] | None, typer.Option(help="Party that it may speak for; may be repeated.")] = None,
    not_after: Annotated[datetime | None, typer.Option(help="Last moment that it is believed, UTC.")] = None,
    as_json: AsJson = False,
) -> None:
    """Pin one key. Keys may overlap: pin the new one, let the partner change over, revoke the old one."""
    from gateway.commands import shapes
    from gateway.commands.context import now, operating
    from gateway.commands.key_files import key_entry
    from gateway.partners.plan import key_record
    from schemas.identifiers import OrganisationId

    entry = key_entry(file, use=use, speaks_for=speaks_for or [], not_after=not_after)
    with operating() as desk:
        key = desk.operations.add_key(key_record(entry, OrganisationId(organisation), now()))
    at = now()
    answer(Answer("key/1", {"key": shapes.key(key, at)}, (Table(shapes.KEY_COLUMNS, (shapes.key_row(key, at),)),)), as_json=as_json)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="Thumbprint, as `key list` shows it; after -- where it begins with a hyphen.")],
    *,
    reason: Annotated[str, typer.Option(help="Why, for the audit.")],
    as_json: AsJson = False,
) -> None:
    """End a key now: nothing that it signs is believed any more."""
    from gateway.commands import shapes
    from gateway.commands.context import now, operating
    from schemas.identifiers import KeyId

    with operating() as desk:
        key = desk.operations.revoke_key(KeyId(key_id), reason)
    answer(Answer("key/1", {"key": shapes.key(key, now())}, (), (f"{key.key_id} is revoked.",)), as_json=as_json)


@app.command()
def jwks() -> None:
    """The gateway's own public keys as a JWK set, current and retired; the same as /.well-known/jwks.json."""
    import json

    from gateway.commands.context import configured
    from gateway.keystore import read_public_jwks

    with configured() as settings:
        typer.echo(json.dumps(read_public_jwks(settings.keys_dir), indent=2))


@app.command()
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the private key goes, PEM, mode 0600. Never overwritten.")],
    *,
    kind: Annotated[str, typer.Option(help="ed25519 for JWS and caller tokens, rsa (with a certificate) for WS-Security.")] = "ed25519",
    name: Annotated[str, typer.Option(help="rsa: common name of the certificate.")] = "partner",
    days: Annotated[int, typer.Option(min=1, max=1825, help="rsa: validity of the certificate.")] = 730,
    as_json: AsJson = False,
) -> None:
    """Make a key for a partner or for tests: FILE, and beside it FILE.jwk or FILE.crt to be pinned."""
    from gateway.commands.context import now
    from gateway.trust.minting import certificate_pem, mint_ed25519, mint_rsa
    from gateway.trust.signing import jwk_of, signer_from_pem

    if kind not in {"ed25519", "rsa"}:
        raise CommandError(Exit.USAGE, "kind-unknown", "There is no such kind of key; there is ed25519 and rsa.")
    minted = mint_ed25519() if kind == "ed25519" else mint_rsa(name, now=now(), days=days)
    signer = signer_from_pem(minted.private_pem, minted.certificate_der)
    _write_new(file, minted.private_pem, 0o600)
    if minted.certificate_der is None:
        public = file.with_name(file.name + ".jwk")
        _write_new(public, _json_bytes(jwk_of(signer)), 0o644)
    else:
        public = file.with_name(file.name + ".crt")
        _write_new(public, certificate_pem(minted.certificate_der), 0o644)
    members = {"key_id": signer.key_id, "algorithm": signer.algorithm, "private_file": str(file), "public_file": str(public)}
    answer(Answer("key-new/1", members, (), (f"key id  {signer.key_id}", f"secret  {file}", f"public  {public}")), as_json=as_json)


@app.command()
def rotate(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="archive, message or wss.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Replace one of the gateway's own keys. Running processes use the new one after a restart."""
    from gateway.commands.context import configured, now
    from gateway.keystore import MESSAGE, WSS, rotate_archive, rotate_signing

    if what not in {"archive", MESSAGE, WSS}:
        raise CommandError(Exit.USAGE, "key-unknown", f"There is no such key; there is archive, {MESSAGE} and {WSS}.")
    with configured() as settings:
        if what == "archive":
            name = rotate_archive(settings.keys_dir, now=now())
        else:
            progress("Partners that pin this key must know the new one first: see gateway key jwks.")
            name = rotate_signing(settings.keys_dir, what, now=now())
    answer(Answer("key-rotated/1", {"use": what, "name": name}, (), (f"{name} is current.",)), as_json=as_json)


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise CommandError(Exit.CONFLICT, "file-exists", f"{path} is there already; keys are never overwritten.") from None
    except OSError as error:
        raise CommandError(Exit.FAILURE, "file-unwritable", f"{path} cannot be written ({error.strerror}).") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _json_bytes(value: dict[str, object]) -> bytes:
    import json

    return (json.dumps(value, indent=2) + "\n").encode()
