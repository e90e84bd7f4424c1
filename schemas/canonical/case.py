"""The case that a message is about, and the version of the record that it changes."""

from schemas.canonical.values import Text
from schemas.identifiers import CrnField, EntityIdField, SpgVersionField
from schemas.payload import Concept, Payload


class EntityVersion(Concept):
    """Version of one record: an optimistic lock. nDelius keeps custody's at event level."""

    version: SpgVersionField | None = None
    """The version of the record that the sender holds; none where it holds none yet (32 zeros on the SPG wire)."""
    updated_by: Text
    """Who made the change; nDelius writes `SURNAME,FORENAME`."""


class CasePayload(Payload):
    """A payload about one case."""

    crn: CrnField
    """Case reference number."""


class CaseRecord(CasePayload):
    """A record of one case, as it is inserted, changed or, in full, deleted."""

    version: EntityVersion
    """The version of the record, and who changed it."""
    offender_id: EntityIdField
    """nDelius's number of the offender."""


class CaseRequest(CasePayload):
    """A question about one case. It changes no record, so it has no version."""

    offender_id: EntityIdField
    """nDelius's number of the offender."""


class Deletion(CasePayload):
    """The reduced form of a delete: the key of the record and nothing else of it.

    Which record it is says the message type; where a type has no number of its own, the key is its event's.
    """

    version: EntityVersion
    """The last version that the sender held: a deleted record keeps it."""
    record_id: EntityIdField
    """nDelius's number of the record, or of its event."""
