"""Who is calling: before anything else of a request is read.

What it is: bearer caller token (JSON doors), client certificate where TLS ends here (both), standing. What
it is not: belief in what the request carries: every message is verified by its own signature as well.
Called as a dependency by the JSON doors and directly by the SOAP doors. An outsider learns one sentence.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.types import Scope

from gateway.api.parts import ApiParts, At
from gateway.config import ClientCertificates
from gateway.partners.directory import Directory
from gateway.partners.party import Standing
from gateway.trust.caller import verify_caller
from gateway.trust.keyring import KeyRecord, KeyUse
from gateway.trust.signing import certificate_thumbprint
from schemas.faults import FaultCode, Refusal, refuse
from schemas.identifiers import OrganisationId, PartyCode

PEER_CERTIFICATE = "gateway.peer_certificate"
"""ASGI extension in which our server hands over the client certificate (DER); see `server`."""
_CONNECTED = frozenset({Standing.LIVE, Standing.PROVING})


@dataclass(frozen=True, slots=True)
class Caller:
    """An organisation that proved who it is."""

    organisation: OrganisationId
    parties: tuple[PartyCode, ...]
    """The codes that it runs."""


def authenticate(request: Request, at: At) -> Caller:
    """The caller of a JSON door. Refuses with `not-authenticated`, or `caller-not-connected` where the
    organisation is known but not connected. Raises StoreUnavailable."""
    try:
        return _authenticate(request, at.parts)
    except Refusal as refusal:
        at.parts.telemetry.refused("https", refusal.fault.code, refusal.cause)
        raise


def peer_of(scope: Scope, parts: ApiParts) -> OrganisationId | None:
    """The organisation behind the client certificate; None where none was presented. Refuses with
    `not-authenticated` a certificate that is not pinned, `caller-not-connected` an organisation that is not."""
    certificate = _certificate(scope)
    if certificate is None:
        return None
    directory = parts.directory()
    key = _pinned(certificate, directory, parts)
    _require_connected(key.organisation, directory)
    return key.organisation


def _authenticate(request: Request, parts: ApiParts) -> Caller:
    directory, now = parts.directory(), parts.clock()
    verified = verify_caller(
        _bearer(request),
        directory.keyring.find,
        audience=parts.settings.audience,
        method=request.method,
        url=parts.settings.public_url + request.scope["path"],
        now=now,
    )
    _require_connected(verified.organisation, directory)
    _require_certificate(request.scope, verified.organisation, directory, parts)
    # last, so that a token that fails elsewhere is not used up by whoever stole it
    if not parts.store.leases.remember_token(verified.organisation, verified.token_id, verified.expires):
        raise refuse(FaultCode.NOT_AUTHENTICATED, cause="token seen before")
    return Caller(verified.organisation, directory.parties_of(verified.organisation))


def _bearer(request: Request) -> str:
    values = request.headers.getlist("authorization")
    scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise refuse(FaultCode.NOT_AUTHENTICATED, cause="no bearer token")
    return token.strip()


def _require_connected(organisation: OrganisationId, directory: Directory) -> None:
    record = directory.organisations.get(organisation)
    if record is None or record.standing not in _CONNECTED:
        raise refuse(FaultCode.CALLER_NOT_CONNECTED)


def _require_certificate(scope: Scope, organisation: OrganisationId, directory: Directory, parts: ApiParts) -> None:
    certificate = _certificate(scope)
    if certificate is None:
        if parts.settings.client_certificates is ClientCertificates.REQUIRED:
            raise refuse(FaultCode.NOT_AUTHENTICATED, cause="no client certificate")
        return
    if _pinned(certificate, directory, parts).organisation != organisation:
        raise refuse(FaultCode.NOT_AUTHENTICATED, cause="certificate of another organisation")


def _certificate(scope: Scope) -> bytes | None:
    certificate = scope.get("extensions", {}).get(PEER_CERTIFICATE)
    return certificate if isinstance(certificate, bytes) else None


def _pinned(certificate: bytes, directory: Directory, parts: ApiParts) -> KeyRecord:
    key = directory.keyring.find(certificate_thumbprint(certificate))
    if key is None or key.use is not KeyUse.TLS or not key.valid_at(parts.clock()):
        raise refuse(FaultCode.NOT_AUTHENTICATED, cause="certificate is not pinned")
    return key


Known = Annotated[Caller, Depends(authenticate)]
"""Parameter of an endpoint that only an authenticated caller reaches."""
