"""`gateway partner …`: who the partners are, and where they stand.

What it is: a thin face of `gateway.operations`. What it is not: a rule. Passwords are made here, shown once,
and kept only as the broker's salted hash.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.options import AsJson, Yes
from gateway.commands.output import Answer, CommandError, Exit, Table, answer, progress

app = typer.Typer(help="Partners: organisations, their parties and agreements.", no_args_is_help=True)

OrganisationArgument = Annotated[str, typer.Argument(metavar="ORGANISATION", help="Id of the organisation, for example crc-thames.")]


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """Every organisation with its standing and parties."""
    from gateway.commands import shapes
    from gateway.commands.context import operating

    with operating() as desk:
        directory = desk.operations.directory()
    found = [shapes.organisation(directory, record) for _, record in sorted(directory.organisations.items())]
    rows = tuple(
        (one.organisation_id, one.name, one.standing.value, " ".join(directory.parties_of(one.organisation_id)), one.broker_user or "")
        for _, one in sorted(directory.organisations.items())
    )
    table = Table(("organisation", "name", "standing", "parties", "broker user"), rows, empty="No partners yet: gateway partner apply FILE")
    answer(Answer("partners/1", {"organisations": found}, (table,)), as_json=as_json)


@app.command()
def show(
    organisation: OrganisationArgument,
    *,
    at: Annotated[int | None, typer.Option("--at", metavar="VERSION", help="The profile document as this version had it; see `history`.")] = None,
    as_json: AsJson = False,
) -> None:
    """One organisation: parties, agreements, keys, and what it still needs before it can be live."""
    from gateway.commands import profiles, shapes
    from gateway.commands.context import now, operating
    from gateway.partners.onboarding import require_organisation
    from schemas.identifiers import OrganisationId

    with operating() as desk:
        if at is not None:
            answer(profiles.at_version(desk.operations.profile_versions(OrganisationId(organisation)), at), as_json=as_json)
            return
        directory = desk.operations.directory()
        record = require_organisation(directory, OrganisationId(organisation))
        missing = desk.operations.missing(record.organisation_id)
    codes = directory.parties_of(record.organisation_id)
    parties = [party for _, party in sorted(directory.parties.items()) if party.code in codes or party.organisation == record.organisation_id]
    agreed = [agreement for code in codes for agreement in (directory.inbound(code), directory.outbound(code)) if agreement is not None]
    keys = [key for key in directory.keyring.keys.values() if key.organisation == record.organisation_id]
    moment = now()
    members = {
        "organisation": shapes.organisation(directory, record),
        "parties": [shapes.party(one) for one in parties],
        "agreements": [shapes.agreement(one) for one in agreed],
        "keys": [shapes.key(one, moment) for one in keys],
        "missing": list(missing),
    }
    rows = tuple((one.party, one.direction.value, one.dialect, one.packaging, one.policy.name, one.mode.value, one.endpoint or "") for one in agreed)
    tables = (
        Table(shapes.PARTY_COLUMNS, tuple(shapes.party_row(one) for one in parties), "Parties", "No parties."),
        Table(("party", "direction", "dialect", "packaging", "policy", "mode", "endpoint"), rows, "Agreements", "No agreements."),
        Table(shapes.KEY_COLUMNS, tuple(shapes.key_row(one, moment) for one in keys), "Keys", "No keys."),
    )
    contact = (f"contact: {record.contact_role}, {record.contact_mailbox}",) if record.contact_mailbox else ()
    lines = (f"{record.organisation_id} ({record.name}) is {record.standing}.", *contact, *(f"missing: {sentence}" for sentence in missing))
    answer(Answer("partner/1", members, tables, lines), as_json=as_json)


@app.command()
def apply(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Profiles in YAML or JSON, and folders of them; - reads standard input.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, show what would change, and write nothing.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Write organisations with their parties, agreements and keys: the plan first, then all of it at once, or nothing.
    Applying the same again changes nothing."""
    from gateway.commands import profiles
    from gateway.commands.context import operating

    with operating(wired=True) as desk:
        good, plans = profiles.planned(desk.operations, profiles.profile_files(paths), desk.by)
        if not as_json:
            answer(Answer("", {}, (profiles.table(plans),)), as_json=False)
        if not dry_run and (plans.writes or plans.versions):
            _confirm_plan(plans.writes, yes=yes)
            plans = desk.operations.apply_profiles(good, desk.by)
        missing = [] if dry_run else profiles.lacking(desk.operations, plans)
    members = profiles.members(plans, missing, applied=not dry_run)
    answer(Answer("partner-applied/2", members, (), (*profiles.heads(plans, applied=not dry_run), *(f"missing: {one}" for one in missing))), as_json=as_json)


@app.command()
def history(organisation: OrganisationArgument, *, as_json: AsJson = False) -> None:
    """Every profile document that was applied for an organisation: number, when, by whom, digest."""
    from gateway.commands import profiles, shapes
    from gateway.commands.context import operating
    from gateway.partners.onboarding import require_organisation
    from schemas.identifiers import OrganisationId

    with operating() as desk:
        record = require_organisation(desk.operations.directory(), OrganisationId(organisation))
        versions = desk.operations.profile_versions(record.organisation_id)
    rows = tuple((str(one.version), shapes.shown(one.applied_at), one.applied_by, one.digest) for one in versions)
    members = {"organisation": record.organisation_id, "versions": [profiles.version_members(one) for one in versions]}
    answer(Answer("partner-history/1", members, (Table(("version", "applied (UTC)", "by", "digest"), rows, empty="No profile was applied."),)), as_json=as_json)


@app.command()
def schema() -> None:
    """Print the JSON Schema of profiles, with which editors complete and check them."""
    from gateway.commands.profiles import schema_text

    typer.echo(schema_text(), nl=False)


@app.command()
def standing(
    organisation: OrganisationArgument,
    to: Annotated[str, typer.Argument(metavar="STANDING", help="proving, live, suspended or left.")],
    *,
    without_conformance: Annotated[str, typer.Option(metavar="REASON", help="Let a party go live that was not proved; the reason is audited.")] = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Move an organisation's standing: applied, proving, live, suspended, left."""
    from gateway.commands.context import operating
    from gateway.partners.party import Standing
    from schemas.identifiers import OrganisationId

    if to not in set(Standing):
        raise CommandError(Exit.USAGE, "standing-unknown", f"There is no such standing; there is {', '.join(Standing)}.")
    if Standing(to) is Standing.LEFT:
        _confirm(organisation, yes=yes)
    with operating() as desk:
        record = desk.operations.move(OrganisationId(organisation), Standing(to), without_conformance=without_conformance)
    members = {"organisation": record.organisation_id, "standing": record.standing.value}
    answer(Answer("partner-standing/1", members, (), (f"{record.organisation_id} is {record.standing}.",)), as_json=as_json)


@app.command()
def remove(organisation: OrganisationArgument, *, yes: Yes = False, as_json: AsJson = False) -> None:
    """Let an organisation leave. Its records and receipts stay; its keys are revoked, its broker user is deleted."""
    from gateway.commands.brokering import forget_user
    from gateway.commands.context import operating
    from gateway.partners.party import Standing
    from schemas.identifiers import OrganisationId

    _confirm(organisation, yes=yes)
    with operating() as desk:
        record = desk.operations.move(OrganisationId(organisation), Standing.LEFT)
        keys = [key for key in desk.operations.directory().keyring.keys.values() if key.organisation == record.organisation_id and key.revoked_at is None]
        for key in keys:
            desk.operations.revoke_key(key.key_id, "the organisation left")
        forgotten = record.broker_user is not None and forget_user(desk.settings, record.broker_user)
    members = {
        "organisation": record.organisation_id,
        "standing": record.standing.value,
        "revoked": [key.key_id for key in keys],
        "broker_user_deleted": forgotten,
    }
    line = f"{record.organisation_id} has left; {len(keys)} keys revoked."
    answer(Answer("partner-removed/1", members, (), (line,)), as_json=as_json)


@app.command("broker-user")
def broker_user(organisation: OrganisationArgument, *, as_json: AsJson = False) -> None:
    """Make or renew an organisation's broker user, exchange and queues. The password is shown once and not kept."""
    from gateway.commands.brokering import make_user
    from gateway.commands.context import operating
    from gateway.partners.onboarding import require_organisation
    from schemas.identifiers import OrganisationId

    with operating() as desk:
        record = require_organisation(desk.operations.directory(), OrganisationId(organisation))
        made = make_user(desk.settings, record.organisation_id)
        desk.operations.give_broker_user(record.organisation_id, user=made.user, password_hash=made.password_hash)
    members = {
        "organisation": record.organisation_id,
        "user": made.user,
        "password": made.password,
        "exchange": made.exchange,
        "queue": made.queue,
        "made_in_broker": made.in_broker,
    }
    progress("The password is not kept and cannot be shown again: hand it over by a safe way now.")
    if not made.in_broker:
        progress("No broker_management_url is configured: the user is made when the gateway next makes its topology.")
    lines = (f"user      {made.user}", f"password  {made.password}", f"publish   exchange {made.exchange}", f"consume   queue {made.queue}")
    answer(Answer("broker-user/1", members, (), lines), as_json=as_json)


def _confirm(organisation: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError(Exit.USAGE, "confirmation-needed", "Leaving is for ever.", "repeat with --yes")
    typed = typer.prompt(f"Leaving is for ever. Type {organisation} to go on", err=True)
    if typed != organisation:
        raise CommandError(Exit.USAGE, "not-confirmed", "That is not its id; nothing was done.")


def _confirm_plan(writes: int, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError(Exit.USAGE, "confirmation-needed", f"{writes} records would be written.", "look with --dry-run, then repeat with --yes")
    if not typer.confirm(f"Write {writes} records?", err=True):
        raise CommandError(Exit.USAGE, "not-confirmed", "Nothing was written.")
