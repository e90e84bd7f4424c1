"""Partners for tests: keys, a gateway's voice, and case systems over a temporary journal."""

import json
import time
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path

from gateway.rehearsal.case_system import CaseSystem, CrcIdentity
from gateway.rehearsal.jose import PartnerKey, PublishedKeys, digest_of
from gateway.rehearsal.journal import Journal
from gateway.rehearsal.languages import Answering, CanonicalLanguage
from schemas.receipts import Receipt, Stage, encode

AUDIENCE = "interagency-gateway.test"
IDENTITY = CrcIdentity(organisation="wexcombe", party="C14", name="Wexcombe", gateway_audience=AUDIENCE)


@dataclass(slots=True)
class GatewayVoice:
    """Signs what a gateway would sign, with a key that it publishes."""

    key: PartnerKey = field(default_factory=PartnerKey.generate)

    def keys(self) -> PublishedKeys:
        """Its published key set."""
        return PublishedKeys({"keys": [{**self.key.jwk, "kid": self.key.key_id}]})

    def message(self, payload: dict[str, object], *, organisation: str = IDENTITY.organisation) -> str:
        """A message for a partner."""
        return self.key.sign(json.dumps(payload).encode(), kind="message", audience=organisation)

    def receipt(self, stage: Stage, subject: str, *, organisation: str = IDENTITY.organisation, **claims: object) -> str:
        """A receipt for a partner."""
        issued_at = int(time.time())
        receipt = Receipt(
            issuer=AUDIENCE,
            audience=organisation,
            receipt_id=str(uuid.uuid4()),
            issued_at=issued_at,
            stage=stage,
            subject=subject,
            **claims,  # type: ignore[arg-type]
        )
        return self.key.sign(encode(receipt), kind="receipt", audience=organisation, issued_at=issued_at)


def digest(jws: str) -> str:
    """What the next receipt names as `previous`."""
    return digest_of(jws.encode())


def case_system(path: Path, *, rejected_reason: str | None = None, own_ids: bool = False) -> tuple[CaseSystem, Journal, PartnerKey]:
    """A case system that speaks the canonical form."""
    key, journal = PartnerKey.generate(), Journal(path)
    answering = Answering(provider="C14", user="Quill,Marlow", rejected_reason=rejected_reason)
    return CaseSystem(replace(IDENTITY, own_ids=own_ids), key, CanonicalLanguage(), answering, journal), journal, key


def contact(message_id: str = "m-1", *, case: str = "X123456", key: str = "77", action: str = "UPD", version: str | None = None) -> dict[str, object]:
    """A message of which a case system reads only a little."""
    header = {"message_id": message_id, "sender": "N00", "type": "Contact", "action": action, "version": "0-9-14"}
    return {"header": header, "document": {"crn": case, "contact_id": key, "version": {"version": version, "updated_by": "Tarn,Sable"}}}


def transfer_request(message_id: str = "m-2") -> dict[str, object]:
    """A transfer of a whole case."""
    responsibility = {"provider": "N01", "team": {"code": "N01KNT"}, "officer": {"code": "N01A750"}}
    part = {"kind": "OM", "version": {"updated_by": "Tarn,Sable"}, "status": "PN", "reason": {"code": "TR01"}, "transferring": responsibility}
    document = {"crn": "K194994", "offender_id": "5", "transfer_id": "9", "parts": [{**part, "receiving": responsibility}]}
    header = {
        "message_id": message_id,
        "sender": "N00",
        "type": "ConsolidatedTransferRequest",
        "action": "INS",
        "version": "0-9-14",
        "case_reference": "K194994",
    }
    return {"header": header, "document": document}
