"""Transfers between providers: kinds, states and the parts of request and response.

What it is: what the eight kinds share. A part's entity is named by its id and the kind says what it is; the
whole case (OM) has none.
"""

from enum import StrEnum
from typing import Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from schemas.canonical.case import EntityVersion
from schemas.canonical.responsibility import Responsibility
from schemas.canonical.values import Coded
from schemas.identifiers import EntityIdField, ProviderField
from schemas.payload import Concept


class TransferKind(StrEnum):
    """What is transferred."""

    CASE = "OM"
    ORDER = "OS"
    REQUIREMENT = "RQ"
    LICENCE_CONDITION = "LC"
    PSS_REQUIREMENT = "PSS"
    NSI = "NSI"
    COURT_REPORT = "CR"
    INSTITUTIONAL_REPORT = "IR"


class TransferStatus(StrEnum):
    """Where a transfer stands."""

    PENDING = "PN"
    ACCEPTED = "TA"
    REJECTED = "TR"
    WITHDRAWN = "TW"


class TransferPart(Concept):
    """What the parts of request and response share."""

    kind: TransferKind
    """What is transferred."""
    entity_id: EntityIdField | None = None
    """Id of the order, requirement, condition, intervention or report; none for a whole case."""
    version: EntityVersion
    """The version of what is transferred, and who changed it."""
    status: TransferStatus
    """Where the part stands: pending when it is asked, accepted or rejected in the answer."""

    @model_validator(mode="after")
    def _names_its_entity(self) -> Self:
        if (self.entity_id is None) != (self.kind is TransferKind.CASE):
            raise PydanticCustomError("structure-invalid", "A part names its entity by id, unless it is the whole case.")
        return self


class TransferRequestPart(TransferPart):
    """One thing that is to move."""

    reason: Coded
    """Why it is to move."""
    transferring: Responsibility
    """Who gives it away."""
    receiving: Responsibility
    """Who is to take over."""


class TransferResponsePart(TransferPart):
    """The receiver's answer on one thing; the receiving team and officer are its own choice."""

    rejected_reason: Coded | None = None
    """Present exactly when the status is rejected."""
    transferring_provider: ProviderField
    """The provider that gives it away."""
    receiving: Responsibility
    """Who is to take over."""

    @model_validator(mode="after")
    def _reasons_a_rejection(self) -> Self:
        rejected = self.status is TransferStatus.REJECTED
        if rejected and self.rejected_reason is None:
            raise PydanticCustomError("element-missing", "A rejected transfer names its reason.")
        if not rejected and self.rejected_reason is not None:
            raise PydanticCustomError("structure-invalid", "Only a rejected transfer has a rejection reason.")
        return self
