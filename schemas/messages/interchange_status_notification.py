"""InterchangeStatusNotification: how the processing of an earlier interchange ended.

Source: the public payload template of the same name of the Strategic Partner Gateway. The entries per message
are this gateway's own, and are written only to a partner whose agreement asks for them.
"""

from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.canonical.values import StatusNumber
from schemas.classes import FieldClass
from schemas.identifiers import EntityIdField, SpgVersionField
from schemas.payload import Concept, Payload

FaultName = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9-]{0,63}$"), FieldClass.CODE]


class MessageStatus(Concept):
    """How one message of the interchange ended."""

    reference: Annotated[int, Field(ge=1, le=999_999_999), FieldClass.CODE]
    """Number of the message in its interchange, from 1."""
    status_code: StatusNumber
    """What became of the message."""
    fault: FaultName | None = None
    """Code of the fault table."""
    current_version: SpgVersionField | None = None
    """The version that the record has now, where the message named an older one."""
    record_id: EntityIdField | None = None
    """The number that the record has got, where the message brought a new one."""


class InterchangeStatusNotification(Payload):
    """The asynchronous answer: 202 once the receiving case system has applied it. Never answered itself."""

    status_code: StatusNumber
    """What became of the interchange: the worst of its messages."""
    messages: Annotated[tuple[MessageStatus, ...], Field(max_length=100_000)] = ()
    """One entry per message, by agreement."""
