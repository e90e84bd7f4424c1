"""Profiles of the simulated partners: what an operator would write to onboard each of them.

What it is: documents of `gateway.partners.profile`, as plain data. What it is not: rows: they are applied by the same
operations that `gateway partner apply` calls. Called by the demo, the bench and the scenario tests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.rehearsal.authority import Identity
from gateway.rehearsal.jose import PartnerKey

Document = dict[str, object]

VERSION = "0-9-14"
RETRY: Mapping[str, float] = {"first_seconds": 0.3, "factor": 1.5, "longest_seconds": 1.0, "resend_seconds": 20.0}
"""A story is told in a minute: what takes days in life takes seconds here."""
PATIENCE: Mapping[str, object] = {"retry": dict(RETRY), "breaker_failures": 5, "breaker_seconds": 0.5, "timeout_seconds": 5.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom a profile is about."""

    organisation: str
    party: str
    name: str
    also: tuple[str, ...] = ()
    """Other parties of the same organisation, under the same terms."""

    @property
    def codes(self) -> list[str]:
        """All its parties."""
        return [self.party, *self.also]


def spg(
    subject: Subject,
    *,
    endpoint: str,
    policy: str,
    sign: Identity,
    auth: PartnerKey,
    tls: Identity,
    partial: bool = False,
    message_statuses: bool = False,
) -> Document:
    """A system that speaks SPG over SOAP: nDelius."""
    agreement: Document = {"dialect": "ndelius", "version": VERSION, "packaging": "wss", "policy": policy}
    outbound = {**agreement, "mode": "push", "endpoint": endpoint, "message_statuses": message_statuses, **PATIENCE}
    keys: list[Document] = [{"use": "sign", "certificate": sign.certificate_pem, "speaks_for": subject.codes}, _jwk("auth", auth), _certificate(tls)]
    return _profile(subject, {**agreement, "partial": partial}, outbound, keys)


def pushed(subject: Subject, *, dialect: str, endpoint: str, receipt_endpoint: str, sign: PartnerKey, auth: PartnerKey, tls: Identity) -> Document:
    """A system with HTTPS endpoints of its own."""
    agreement: Document = {"dialect": dialect, "version": VERSION, "packaging": "jws"}
    outbound = {**agreement, "mode": "push", "endpoint": endpoint, "receipt_endpoint": receipt_endpoint, **PATIENCE}
    return _profile(subject, agreement, outbound, [_signs(sign, subject), _jwk("auth", auth), _certificate(tls)])


def queued(subject: Subject, *, dialect: str, sign: PartnerKey, bundle_receipts: bool = False) -> Document:
    """A system on AMQP: its broker user opens its doors."""
    agreement: Document = {"dialect": dialect, "version": VERSION, "packaging": "jws"}
    return _profile(subject, agreement, {**agreement, "mode": "queue", "bundle_receipts": bundle_receipts, **PATIENCE}, [_signs(sign, subject)])


def shelved(subject: Subject, *, dialect: str, sign: PartnerKey, auth: PartnerKey, tls: Identity) -> Document:
    """A system that collects from its mailbox."""
    agreement: Document = {"dialect": dialect, "version": VERSION, "packaging": "jws"}
    outbound = {**agreement, "mode": "shelf", **PATIENCE}
    return _profile(subject, agreement, outbound, [_signs(sign, subject), _jwk("auth", auth), _certificate(tls)])


def dropped(subject: Subject, *, dialect: str, sign: PartnerKey) -> Document:
    """A system that exchanges files."""
    agreement: Document = {"dialect": dialect, "version": VERSION, "packaging": "detached", "mode": "drop"}
    return _profile(subject, agreement, {**agreement, **PATIENCE}, [_signs(sign, subject)])


def evented(subject: Subject, *, detail: str, endpoint: str | None, sign: PartnerKey, auth: PartnerKey, mode: str = "queue") -> Document:
    """A system that is told of events, pushed to it, on its queue or on the shelf, and fetches each message itself."""
    agreement: Document = {"dialect": "domain-events", "version": VERSION, "packaging": "jws"}
    way: Document = {"mode": mode} if endpoint is None else {"mode": "push", "endpoint": endpoint}
    return _profile(subject, agreement, {**agreement, **way, "detail_dialect": detail, **PATIENCE}, [_signs(sign, subject), _jwk("auth", auth)])


def _profile(subject: Subject, inbound: Document, outbound: Document, keys: Sequence[Document]) -> Document:
    return {
        "organisation": {"id": subject.organisation, "name": subject.name},
        "parties": [{"code": code, "name": subject.name, "inbound": inbound, "outbound": outbound} for code in subject.codes],
        "keys": list(keys),
    }


def _signs(key: PartnerKey, subject: Subject) -> Document:
    return {**_jwk("sign", key), "speaks_for": subject.codes}


def _jwk(use: str, key: PartnerKey) -> Document:
    return {"use": use, "jwk": dict(key.jwk)}


def _certificate(identity: Identity) -> Document:
    return {"use": "tls", "certificate": identity.certificate_pem}
