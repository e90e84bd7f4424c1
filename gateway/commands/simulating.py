"""A simulated partner by its name: party code, or id of its organisation, as this installation knows it.

What it is: what `gateway simulate ndelius` and `gateway simulate C05` do before they run: the partner's folder below the
installation's home, made at first use from what was agreed in the store, or from its profile in `partners/`. What it is not: the
partner (`gateway.rehearsal.simulator`); nor a change of what was agreed: the folder's own profile is there to be applied.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import yaml

from gateway import bootstrap
from gateway.commands.context import configured
from gateway.commands.output import CommandError, Exit
from gateway.config import Settings
from gateway.contract import StoreUnavailable
from gateway.partners.agreement import Agreement, DeliveryMode, Direction
from gateway.partners.directory import Directory
from gateway.partners.plan import plan
from gateway.partners.profile import ProfileError, read_profile
from gateway.rehearsal import simulator_folder
from gateway.rehearsal.simulator import CONFIGURATION, Folder
from gateway.rehearsal.simulator_folder import Wish
from gateway.store.opening import open_store
from schemas.identifiers import PartyCode

SIMULATORS: Final = "simulators"
PROFILES: Final = Path("partners")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a partner: its organisation, and what is sent to each of its parties."""

    organisation: str
    agreed: Sequence[Agreement]


def folder_of(name: str) -> Folder:
    """The folder of this path or name; made where it is a name that is met for the first time. Raises NotConfiguredError."""
    if (Path(name) / CONFIGURATION).exists():
        return simulator_folder.load(Path(name))
    if Path(name).name != name:
        return simulator_folder.load(Path(name))
    with configured() as settings:
        kept = settings.data_dir / SIMULATORS / name
        return simulator_folder.load(kept) if (kept / CONFIGURATION).exists() else _made(name, kept, settings)


def _made(name: str, path: Path, settings: Settings) -> Folder:
    known = next((one for one in (*_in_store(settings), *_in_profiles(settings)) if _is_called(one, name)), None)
    if known is None:
        remedy = "gateway partner list, or gateway simulate FOLDER --init"
        raise CommandError(Exit.NOT_FOUND, "partner-unknown", f"{name} is no folder of a simulated partner, party or organisation that is known.", remedy)
    return simulator_folder.create(path, wish_for(known, name, settings))


def wish_for(known: Known, name: str, settings: Settings) -> Wish:
    """What the simulated partner is to be: the named party first, and its siblings that have the same language and way beside it."""
    first = next((one for one in known.agreed if one.party == name), known.agreed[0])
    alike = [one for one in known.agreed if (one.dialect, one.mode) == (first.dialect, first.mode)]
    home = "" if settings.drop_root is None else str((settings.drop_root / known.organisation).resolve())
    return Wish(
        organisation=known.organisation,
        party=first.party,
        also=tuple(one.party for one in alike if one.party != first.party),
        dialect=first.dialect,
        detail=first.detail_dialect or "",
        mapping=_mapping(first.detail_dialect or first.dialect, settings),
        channel=first.mode.value,
        gateway_url=settings.public_url,
        audience=settings.audience,
        own_ids=first.own_ids,
        home=home if first.mode is DeliveryMode.DROP else "",
    )


def _is_called(known: Known, name: str) -> bool:
    return known.organisation == name or any(one.party == name for one in known.agreed)


def _in_store(settings: Settings) -> Iterator[Known]:
    """Nothing where there is no store yet: a simulator needs no installation but its settings."""
    try:
        store = open_store(settings.database_url.get_secret_value())
    except StoreUnavailable:
        return
    try:
        if store.ready():
            yield from _in_directory(store.partners.directory())
    finally:
        store.close()


def _in_directory(directory: Directory) -> Iterator[Known]:
    for organisation in directory.organisations:
        codes: Sequence[PartyCode] = directory.parties_of(organisation)
        agreed = [found for code in codes if (found := directory.outbound(code)) is not None]
        if agreed:
            yield Known(organisation, agreed)


def _in_profiles(settings: Settings) -> Iterator[Known]:
    """Those beside whoever runs the command: the example set, or an installation's own."""
    for path in sorted(PROFILES.glob("*.yaml")):
        try:
            profile = read_profile(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (yaml.YAMLError, ProfileError) as error:
            raise CommandError(Exit.USAGE, "profile-invalid", f"{path} cannot be read.", f"gateway partner apply {path} --dry-run") from error
        planned = plan(Directory(), profile, bootstrap.onboarding_parts(settings), datetime.now(UTC))
        agreed = [agreement for agreement, _ in planned.agreements if agreement.direction is Direction.OUTBOUND]
        if agreed:
            yield Known(planned.organisation.organisation_id, agreed)


def _mapping(dialect: str, settings: Settings) -> Path | None:
    """The file that describes it; None for a language that needs no description."""
    if dialect in simulator_folder.KNOWN or settings.dialects_dir is None:
        return None
    described = (path for path in sorted(settings.dialects_dir.glob("*.yaml")) if f"\ndialect: {dialect}\n" in f"\n{path.read_text(encoding='utf-8-sig')}")
    return next(described, None)
