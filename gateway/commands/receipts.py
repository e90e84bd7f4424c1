"""`gateway receipts …`: check receipts without asking the gateway; and, signed in, whose receipts are late.

What it is: an offline verifier for partners and auditors, and the console's lists of what is expected, late or negative.
What it is not: a query of the store.
"""

from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.asking import ask, entries, more, show, table
from gateway.commands.options import AsJson, Limit
from gateway.commands.output import Answer, CommandError, Exit, Table, answer

app = typer.Typer(help="Receipts: check them against published keys; see whose are late.", no_args_is_help=True)

OfParty = Annotated[str | None, typer.Option("--party", help="Only of this party.")]
After = Annotated[int | None, typer.Option(min=0, help="Next page.")]
FailIfAny = Annotated[bool, typer.Option("--fail-if-any", help="Exit 10 where there is one; for cron.")]


@app.command()
def late(*, party: OfParty = None, limit: Limit = 50, after: After = None, fail_if_any: FailIfAny = False, as_json: AsJson = False) -> None:
    """Messages whose last word should have come by now, oldest first."""
    _listed("late", party, limit, after, fail_if_any=fail_if_any, as_json=as_json)


@app.command()
def expected(*, party: OfParty = None, limit: Limit = 50, after: After = None, fail_if_any: FailIfAny = False, as_json: AsJson = False) -> None:
    """Messages whose last word is awaited, oldest first."""
    _listed("expected", party, limit, after, fail_if_any=fail_if_any, as_json=as_json)


@app.command()
def negative(*, party: OfParty = None, limit: Limit = 50, after: After = None, fail_if_any: FailIfAny = False, as_json: AsJson = False) -> None:
    """Messages that were refused or not applied, of the last 7 days."""
    _listed("negative", party, limit, after, fail_if_any=fail_if_any, as_json=as_json)


def _listed(standing: str, party: str | None, limit: int, after: int | None, *, fail_if_any: bool, as_json: bool) -> None:
    found = ask("receipts", standing, party=party, limit=limit, after=after)
    figures = table(
        entries(found, "parties"), tuple((name, name) for name in ("party", "expected", "late", "negative")), "By party", "Nothing is sent to anybody."
    )
    columns = (("delivery id", "delivery_id"), ("type", "type"), ("to", "recipient"), ("state", "state"), ("fault", "fault"), ("since (UTC)", "since"))
    rows = entries(found, "receipts")
    show(found, (figures, table(rows, columns, standing.capitalize(), "None.")), more(found), as_json=as_json)
    if fail_if_any and rows:
        raise CommandError(Exit.CHECKS_FAILED, f"receipts-{standing}", f"There are receipts that are {standing}.", f"gateway receipts {standing}")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="One receipt a line, each a compact JWS; - reads standard input.")],
    *,
    jwks: Annotated[Path | None, typer.Option(help="JWK set of the gateway; by default this installation's own keys.")] = None,
    audience: Annotated[str | None, typer.Option(help="Organisation that the receipts must be addressed to.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check signatures, claims, and the chain from each receipt to the one before it."""
    from gateway.commands.believing import Believed, believe, keyring_of
    from gateway.commands.context import configured, now, reporting
    from gateway.commands.documents import read_bytes, read_document
    from gateway.keystore import read_public_jwks
    from schemas.faults import Refusal

    lines = [line.strip() for line in read_bytes(file).decode("ascii", errors="replace").splitlines() if line.strip()]
    if not lines:
        raise CommandError(Exit.USAGE, "nothing-to-verify", f"{file} holds no receipt.")
    with reporting():
        if jwks is None:
            with configured() as settings:
                keyring = keyring_of(read_public_jwks(settings.keys_dir))
        else:
            keyring = keyring_of(read_document(jwks))
    results: list[Believed | Refusal] = []
    for line in lines:
        try:
            results.append(believe(line, keyring, now(), audience=audience))
        except Refusal as refusal:
            results.append(refusal)
    known = {result.digest for result in results if isinstance(result, Believed)}
    entries: list[dict[str, object]] = [_entry(number, result, known) for number, result in enumerate(results, start=1)]
    failed = sum(not entry["verified"] for entry in entries)
    rows = tuple(
        (str(one["line"]), "ok" if one["verified"] else "FAILED", str(one.get("stage", "")), str(one.get("subject", "")), str(one["note"])) for one in entries
    )
    table = Table(("line", "signature", "stage", "subject", "note"), rows)
    said = Answer("receipts-verified/1", {"verified": len(entries) - failed, "failed": failed, "receipts": entries}, (table,))
    answer(said, as_json=as_json)
    if failed:
        raise CommandError(Exit.CHECKS_FAILED, "receipts-not-verified", f"{failed} of {len(entries)} receipts did not verify.")


def _entry(number: int, result: object, known: set[str]) -> dict[str, object]:
    from gateway.commands.believing import Believed
    from schemas.faults import Refusal

    if isinstance(result, Refusal):
        note = " ".join(part for part in (result.fault.code.value, result.fault.detail, result.cause) if part)
        return {"line": number, "verified": False, "note": note}
    if not isinstance(result, Believed):
        raise TypeError("neither believed nor refused")
    receipt = result.receipt
    previous = receipt.previous
    linked = None if previous is None else previous in known
    note = "" if linked is None else "follows a receipt in this file" if linked else "its predecessor is not in this file"
    return {
        "line": number,
        "verified": True,
        "stage": receipt.stage.value,
        "subject": receipt.subject,
        "recipient": receipt.recipient,
        "audience": receipt.audience,
        "issuer": receipt.issuer,
        "issued_at": receipt.issued_at,
        "basis": receipt.basis.value if receipt.basis else None,
        "fault": receipt.fault.code if receipt.fault else None,
        "digest": result.digest,
        "previous": previous,
        "previous_found": linked,
        "key_id": result.key_id,
        "note": note,
    }
