"""The folder of a simulated partner: made once, with keys, configuration, and the profile that an operator applies.

What it is: files, written where nothing is overwritten. What it is not: the running program (`simulator`). Called by
`gateway simulate --init`.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError

from broker.free_ports import free_port
from gateway.rehearsal import profiles
from gateway.rehearsal.authority import DevelopmentAuthority
from gateway.rehearsal.event_crc import EVENTS_PATH
from gateway.rehearsal.jose import PartnerKey
from gateway.rehearsal.json_crc import MESSAGES_PATH, RECEIPTS_PATH
from gateway.rehearsal.ndelius import ENDPOINT_PATH
from gateway.rehearsal.profiles import Document, Subject
from gateway.rehearsal.simulator import AUTH, AUTHORITY, CONFIGURATION, PROFILE, SIGN, Configuration, Folder, NotConfiguredError
from gateway.trust.certificates import CertificateUse

MAPPING = "mapping.yaml"
KNOWN = frozenset({"ndelius", "canonical", "caseflow", "flatfile", "domain-events"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the partner is to be."""

    organisation: str
    party: str
    dialect: str
    channel: str
    gateway_url: str
    audience: str
    port: int = 0
    mapping: Path | None = None
    """Of a described language: its file, which is copied."""
    also: tuple[str, ...] = ()
    """Other parties of the same organisation."""
    detail: str = ""
    home: str = ""
    """Of a partner on files: its own folder below the gateway's `drop_root`."""
    own_ids: bool = False
    """It knows records by ids of its own."""
    authority: Path | None = None
    """A development authority that others share; None: one of its own."""


def create(path: Path, wish: Wish) -> Folder:
    """Make the folder. Raises NotConfiguredError where there is one already, or the wish makes no sense."""
    if (path / CONFIGURATION).exists():
        raise NotConfiguredError(f"{path} holds a partner already")
    configuration = _configuration(wish)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if wish.authority is not None:
        (path / AUTHORITY).symlink_to(wish.authority.resolve(), target_is_directory=True)
    authority, keys = DevelopmentAuthority(path / AUTHORITY), {name: PartnerKey.generate() for name in (SIGN, AUTH)}
    for name, key in keys.items():
        key.save(path / name)
    if wish.mapping is not None:
        (path / MAPPING).write_bytes(wish.mapping.read_bytes())
    _write_private(path / CONFIGURATION, yaml.safe_dump(configuration.model_dump(exclude_none=True), sort_keys=False, allow_unicode=True))
    profile = _with_own_ids(_profile(configuration, authority, keys[SIGN], keys[AUTH]), own_ids=configuration.own_ids)
    (path / PROFILE).write_text(yaml.safe_dump(profile, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return Folder(path, configuration)


def load(path: Path) -> Folder:
    """Read a folder. Raises NotConfiguredError."""
    try:
        said = Configuration.model_validate(yaml.safe_load((path / CONFIGURATION).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise NotConfiguredError(f"{path} holds no {CONFIGURATION}; make one with --init") from None
    except (yaml.YAMLError, ValidationError, UnicodeDecodeError) as error:
        raise NotConfiguredError(f"{path / CONFIGURATION} cannot be read ({type(error).__name__})") from error
    return Folder(path, said)


def _require_sense(wish: Wish) -> None:
    if (wish.dialect == "flatfile" and wish.channel != "drop") or (wish.channel == "drop" and not wish.home):
        raise NotConfiguredError("flat files are dropped, into a home")
    if wish.mapping is None and not {wish.dialect, wish.detail or "canonical"} <= KNOWN:
        raise NotConfiguredError(f"there is no dialect {wish.dialect}; a described one needs its mapping")
    if wish.dialect == "ndelius" and wish.own_ids:
        raise NotConfiguredError("SPG has no place for own ids")
    if wish.dialect == "ndelius" and wish.channel != "push":
        raise NotConfiguredError("SPG over SOAP is pushed")


def _configuration(wish: Wish) -> Configuration:
    _require_sense(wish)
    document: dict[str, object] = {
        "organisation": wish.organisation,
        "name": f"{wish.organisation}, simulated (fictional)",
        "party": wish.party,
        "also": list(wish.also),
        "dialect": wish.dialect,
        **({"mapping": MAPPING} if wish.mapping is not None else {}),
        **({"detail": wish.detail} if wish.detail else {}),
        **({"own_ids": True} if wish.own_ids else {}),
        "channel": wish.channel,
        "gateway": {"url": wish.gateway_url.rstrip("/"), "audience": wish.audience},
    }
    if wish.channel == "push":
        document["listen"] = {"port": wish.port or free_port()}
    if wish.channel == "drop":
        document["home"] = wish.home or None
    try:
        return Configuration.model_validate(document)
    except ValidationError as error:
        places = ", ".join(".".join(str(part) for part in item["loc"]) for item in error.errors(include_input=False))
        raise NotConfiguredError(f"there is no such partner: {places}") from error


def _profile(said: Configuration, authority: DevelopmentAuthority, sign: PartnerKey, auth: PartnerKey) -> Document:
    subject = Subject(organisation=said.organisation, party=said.party, name=said.name, also=said.also)
    tls = authority.issue(said.organisation, CertificateUse.CLIENT)
    base = f"https://{said.listen.host}:{said.listen.port}" if said.listen else ""
    if said.dialect == "ndelius":
        signing = authority.issue(said.organisation, CertificateUse.SIGN)
        return profiles.spg(subject, endpoint=base + ENDPOINT_PATH, policy="strict", sign=signing, auth=auth, tls=tls)
    if said.channel == "drop":
        return profiles.dropped(subject, dialect=said.dialect, sign=sign)
    if said.dialect == "domain-events":
        return profiles.evented(subject, detail=said.detail, endpoint=base + EVENTS_PATH if base else None, sign=sign, auth=auth, mode=said.channel)
    if said.channel == "push":
        endpoints = {"endpoint": base + MESSAGES_PATH, "receipt_endpoint": base + RECEIPTS_PATH}
        return profiles.pushed(subject, dialect=said.dialect, sign=sign, auth=auth, tls=tls, **endpoints)
    if said.channel == "queue":
        return profiles.queued(subject, dialect=said.dialect, sign=sign)
    return profiles.shelved(subject, dialect=said.dialect, sign=sign, auth=auth, tls=tls)


def _with_own_ids(profile: Document, *, own_ids: bool) -> Document:
    """The same profile, with own ids agreed both ways where the partner has them."""
    parties = profile["parties"]
    if not own_ids or not isinstance(parties, list):
        return profile
    agreed = [{**party, **{way: {**party[way], "own_ids": True} for way in ("inbound", "outbound")}} for party in parties]
    return {**profile, "parties": agreed}


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
