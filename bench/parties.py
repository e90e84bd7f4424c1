"""Parties: who the made-up traffic is between, as a directory has them.

What it is: 22 codes of the wire, each with an organisation of its own, agreements both ways and a key. What it is not:
anybody's agreement or key: the keys are drawn from the codes. Called by `filling`.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.audit.events import AuditCode, AuditEvent
from gateway.partners.agreement import Agreement, DeliveryMode, Direction, LastStage
from gateway.partners.history import DirectoryChanges
from gateway.partners.party import Kind, Organisation, Party, Standing
from gateway.store.engine import Database
from gateway.store.partners import SqlPartners
from gateway.trust.keyring import KeyRecord, KeyUse
from gateway.trust.signing import thumbprint
from schemas.identifiers import OrganisationId, PartyCode


def organisation_of(code: str) -> str:
    """Who runs the system of this party."""
    return f"org-{code.lower()}"


def write_parties(database: Database, codes: Sequence[str], delivered_last: Collection[str], at: datetime) -> None:
    """Into the directory, in one application."""
    partners = SqlPartners(database)
    changes = DirectoryChanges(
        organisations=tuple(Organisation(organisation_id=_organisation(code), name=f"Fictional organisation {code}", standing=Standing.LIVE) for code in codes),
        parties=tuple(Party(code=PartyCode(code), name=f"Fictional party {code}", organisation=_organisation(code), kind=_kind(code)) for code in codes),
        agreements=tuple(agreement for code in codes for agreement in _agreements(code, code in delivered_last)),
        keys=tuple(_key(code, at) for code in codes),
        events=tuple(AuditEvent(AuditCode.PARTNER_CHANGED, at, organisation_of(code), {"party": code}) for code in codes),
    )
    if not partners.apply(changes, partners.version()):
        raise RuntimeError("somebody else writes into a store that is being filled")


def _organisation(code: str) -> OrganisationId:
    return OrganisationId(organisation_of(code))


def _kind(code: str) -> Kind:
    return Kind.NPS if code.startswith("N") else Kind.CRC


def _agreements(code: str, delivered_last: bool) -> Iterator[Agreement]:
    speaks = (
        ("ndelius", "wss", DeliveryMode.PUSH, f"https://{code.lower()}.example/in") if code.startswith("N") else ("canonical", "jws", DeliveryMode.QUEUE, None)
    )
    dialect, packaging, mode, endpoint = speaks
    for direction in Direction:
        yield Agreement(
            party=PartyCode(code),
            direction=direction,
            dialect=dialect,
            version="0-9-14",
            packaging=packaging,
            mode=mode,
            endpoint=endpoint,
            last_stage=LastStage.DELIVERED if delivered_last else LastStage.APPLIED,
        )


def _key(code: str, at: datetime) -> KeyRecord:
    public = (
        Ed25519PrivateKey.from_private_bytes(sha256(f"bench {code}".encode()).digest())
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    return KeyRecord(
        key_id=thumbprint(public),
        organisation=_organisation(code),
        use=KeyUse.SIGN,
        algorithm="EdDSA",
        public_key=public,
        not_before=at - timedelta(days=365),
        # some are soon over, as they are at any time
        not_after=at + timedelta(days=20 + 15 * int(code[1:])),
        speaks_for=frozenset({PartyCode(code)}),
    )
