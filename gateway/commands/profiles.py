"""Reading profiles, and telling what they would change.

What it is: files and folders to checked documents, with every mistake of every file; a plan as rows and JSON members.
What it is not: a rule. Called by `gateway partner`.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import yaml

from gateway.commands.documents import read_document
from gateway.commands.output import Answer, CommandError, Exit, Table
from gateway.operations import Operations
from gateway.partners.differences import Difference, differences
from gateway.partners.history import ProfileVersion
from gateway.partners.onboarding import OnboardingError, Rule
from gateway.partners.plan import Plan, PlanRefused, Plans, Sourced
from gateway.partners.profile import Profile, ProfileError, read_profile

SUFFIXES = (".yaml", ".yml", ".json")
SCHEMA_SUFFIX = ".schema.json"
_REMEDY = "compare with docs/partners/onboarding.md"


def profile_files(paths: Sequence[Path]) -> list[Path]:
    """Files as they are, and of folders every profile in them, by name; folders inside are left alone."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and not file.name.endswith(SCHEMA_SUFFIX))
        if not inside:
            raise CommandError(Exit.NOT_FOUND, "file-missing", f"There is no profile in {path}.", "profiles end in .yaml, .yml or .json")
        found += inside
    return found


def planned(operations: Operations, files: Sequence[Path], by: str) -> tuple[list[Sourced], Plans]:
    """The profiles and their plan, or one error that tells every mistake of every file."""
    good, wrong, first = _read(files)
    try:
        plans = operations.plan_profiles(good, by)
    except PlanRefused as refused:
        if len(files) == len(refused.mistakes) == 1:
            raise refused.mistakes[0].error from refused
        # Whom a code is routed to may stand in a file that could not be read.
        told = [mistake for mistake in refused.mistakes if not (wrong and _rule(mistake.error) is Rule.ROUTE_INVALID)]
        wrong += [str(mistake) for mistake in told]
        raise CommandError(Exit.USAGE, "profiles-invalid", "The documents cannot be applied; nothing was written.", _REMEDY, tuple(wrong)) from refused
    if wrong:
        raise first if len(files) == 1 and first is not None else _invalid(wrong)
    return good, plans


def members(plans: Plans, missing: Sequence[str], *, applied: bool) -> dict[str, object]:
    """The plan for scripts."""
    return {
        "applied": applied,
        "writes": plans.writes,
        "organisations": [_plan(plan) for plan in plans.plans],
        "changes": [_difference(difference) for difference in differences(plans)],
        "versions": [version_members(version) for version in plans.versions],
        "missing": list(missing),
    }


def table(plans: Plans) -> Table:
    """The plan for people: a line for each field that changes, one for each record that is new."""
    rows = tuple(row for difference in differences(plans) for row in _rows(difference))
    return Table(("organisation", "what", "", "field", "from", "to"), rows, empty="Nothing would change.")


def heads(plans: Plans, *, applied: bool) -> list[str]:
    """A line for each organisation."""
    verb = "wrote" if applied else "would write"
    return [
        f"{plan.organisation.organisation_id} is {plan.organisation.standing}; {verb} {plan.writes} records, {plan.records - plan.writes} unchanged."
        for plan in plans.plans
    ]


def lacking(operations: Operations, plans: Plans) -> list[str]:
    """What each organisation still needs before it can be live."""
    found = [(plan.organisation.organisation_id, sentence) for plan in plans.plans for sentence in operations.missing(plan.organisation.organisation_id)]
    return [f"{organisation}: {sentence}" if len(plans.plans) > 1 else sentence for organisation, sentence in found]


def at_version(versions: Sequence[ProfileVersion], wanted: int) -> Answer:
    """One document as it was applied."""
    found = next((one for one in versions if one.version == wanted), None)
    if found is None:
        raise CommandError(Exit.NOT_FOUND, "version-unknown", "There is no such version.", "gateway partner history ORGANISATION")
    document = json.loads(found.document)
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True).rstrip()
    return Answer("partner-version/1", {**version_members(found), "document": document}, (), (text,))


def schema_text() -> str:
    """The JSON Schema of profiles, as partners/profile.schema.json holds it."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Profile.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def version_members(version: ProfileVersion) -> dict[str, object]:
    """One applied document, without what it says."""
    at = version.applied_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"organisation": version.organisation, "version": version.version, "digest": version.digest, "by": version.applied_by, "at": at}


def _read(files: Sequence[Path]) -> tuple[list[Sourced], list[str], CommandError | None]:
    good: list[Sourced] = []
    wrong: list[str] = []
    first: CommandError | None = None
    for file in files:
        try:
            good.append(Sourced(source=str(file) if len(files) > 1 else "", profile=read_profile(read_document(file))))
        except ProfileError as error:
            wrong += [f"{file}: {mistake}" for mistake in error.mistakes]
            first = first or CommandError(Exit.USAGE, "profile-invalid", "The document is not a profile.", _REMEDY, error.mistakes)
        except CommandError as error:
            wrong.append(f"{file}: {error.title}")
            first = first or error
    return good, wrong, first


def _invalid(wrong: Sequence[str]) -> CommandError:
    return CommandError(Exit.USAGE, "profiles-invalid", "The documents cannot be applied; nothing was written.", _REMEDY, tuple(wrong))


def _rule(error: Exception) -> Rule | None:
    return error.rule if isinstance(error, OnboardingError) else None


def _plan(plan: Plan) -> dict[str, object]:
    return {
        "source": plan.source,
        "organisation": plan.organisation.organisation_id,
        "standing": plan.organisation.standing.value,
        "writes": plan.writes,
        "unchanged": plan.records - plan.writes,
        "parties": [party.code for party, _ in plan.parties],
        "agreements": [f"{agreed.party} {agreed.direction}" for agreed, _ in plan.agreements],
        "keys": [pinned.key_id for pinned, _ in plan.keys],
    }


def _difference(difference: Difference) -> dict[str, object]:
    return {
        "source": difference.source,
        "organisation": difference.organisation,
        "what": difference.what,
        "subject": difference.subject,
        "change": difference.change.value,
        "fields": [{"name": field.name, "before": field.before, "after": field.after} for field in difference.fields],
    }


def _rows(difference: Difference) -> list[tuple[str, ...]]:
    head = (difference.organisation, f"{difference.what} {difference.subject}", difference.change.value)
    if difference.change == "added":
        return [(*head, "", "", _summary(difference))]
    return [(*head, field.name, field.before or "nothing", field.after or "nothing") for field in difference.fields]


def _summary(difference: Difference) -> str:
    said = {field.name: field.after for field in difference.fields}
    return " ".join(said[name] for name in ("name", "route_to", "dialect", "version", "packaging", "mode", "endpoint", "use", "algorithm") if said.get(name))
