"""Keys, lookups and messages that the tests of `gateway.trust` share."""

import json
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from adapters.contract import WireMessage
from gateway.trust.certificates import CertificateUse, issue_certificate, make_authority, make_ed25519_key
from gateway.trust.contract import ClaimedSender, Limits, Lookup, Packaging, SealOrder, SenderTrust, Signer, VerifiedContent
from gateway.trust.keyring import KeyRecord, KeyUse
from gateway.trust.policy import STRICT, SecurityPolicy
from gateway.trust.signing import public_record, signer_from_pem
from schemas.faults import Fault, FaultCode, Refusal
from schemas.identifiers import OrganisationId, PartyCode

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
AUDIENCE = "gateway.test"
ORGANISATION = OrganisationId("harbour")
LIMITS = Limits()
MAX_AGE = 7 * 24 * 3600
JSON_DOCUMENT = json.dumps({"header": {"message_id": "m-1", "sender": "C05"}, "document": {"note": "Naïve café"}}).encode()
SPG = "http://www.justice.gsi.gov.uk/SPG/"
XML_DOCUMENT = (
    f'<SPGInterchange xmlns="{SPG}"><SPGInterchangeHeader><SenderIdentity>C05</SenderIdentity>'
    "<ReceiverIdentity>N00</ReceiverIdentity></SPGInterchangeHeader><Notes>Naïve café</Notes></SPGInterchange>"
).encode()


@cache
def ed25519_signer(name: str = "first") -> Signer:
    """One signer per name and run."""
    assert name
    return signer_from_pem(make_ed25519_key())


@cache
def rsa_signer(name: str = "first") -> Signer:
    """One signer with a certificate per name and run."""
    credential = issue_certificate(make_authority("tests", NOW), f"signing.{name}", use=CertificateUse.SIGN, now=NOW)
    return signer_from_pem(credential.private_key_pem, credential.certificate_der)


def record(signer: Signer, *, use: KeyUse = KeyUse.SIGN) -> KeyRecord:
    return public_record(
        signer,
        organisation=ORGANISATION,
        use=use,
        speaks_for=[PartyCode("C05")],
        not_before=NOW - timedelta(days=1),
        not_after=NOW + timedelta(days=30),
    )


def lookup_of(*keys: KeyRecord, policy: SecurityPolicy = STRICT, max_age: int = MAX_AGE) -> Lookup:
    """Finds these keys by the thumbprints that they are pinned under."""
    known = {key.key_id: key for key in keys}

    def lookup(claim: ClaimedSender) -> SenderTrust | None:
        key = known.get(claim.key_id)
        return SenderTrust(key, policy, max_age) if key else None

    return lookup


def order(document: bytes, *, kind: str = "message", soap_version: str = "1.2", now: datetime = NOW, audience: str = AUDIENCE) -> SealOrder:
    return SealOrder(document=document, kind=kind, audience=audience, now=now, soap_version=soap_version)


def verify(packaging: Packaging, body: bytes, lookup: Lookup, *, now: datetime = NOW, limits: Limits = LIMITS, audience: str = AUDIENCE) -> VerifiedContent:
    return packaging.verify(WireMessage(body, "text/xml"), lookup, audience=audience, now=now, limits=limits)


def refusal(packaging: Packaging, body: bytes, lookup: Lookup, *, now: datetime = NOW, limits: Limits = LIMITS, audience: str = AUDIENCE) -> Refusal:
    """The refusal that these bytes meet; fails where they are accepted."""
    with pytest.raises(Refusal) as caught:
        verify(packaging, body, lookup, now=now, limits=limits, audience=audience)
    return caught.value


NOT_ACCEPTED = Fault(FaultCode.SIGNATURE_NOT_ACCEPTED)
"""The one face that an outsider sees, whatever is wrong with a signature."""
