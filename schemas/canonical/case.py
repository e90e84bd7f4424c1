"""The case that a message is about, and the version of the record that it changes."""

from schemas.canonical.values import Text
from schemas.identifiers import CrnField, EntityIdField, SpgVersionField
from schemas.payload import Concept, Payload


class EntityVersion(Concept):
    """Version of one record: an optimistic lock. nDelius keeps custody's at event level."""

    version: SpgVersionField | None = None
    """None: no version is held yet (32 zeros on the SPG wire)."""
    updated_by: Text
    """Who made the change; nDelius writes `SURNAME,FORENAME`."""


class CasePayload(Payload):
    """A payload about one case."""

    crn: CrnField
    version: EntityVersion
    offender_id: EntityIdField
