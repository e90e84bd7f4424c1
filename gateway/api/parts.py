"""What the doors need to be given: their ports, as values.

What it is: `Intake`, the part of the pipeline that a door calls, and `ApiParts`, everything that
`create_app` is handed. What it is not: the pipeline. Called by `bootstrap`, which fills it in, and by tests.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends
from starlette.requests import HTTPConnection

from adapters.contract import WireMessage
from gateway.api.batching import GroupCommit
from gateway.api.bell import Bell
from gateway.api.bodies import BodyBudget
from gateway.api.refusals import Refusals
from gateway.config import Settings
from gateway.contract import Clock, Store
from gateway.exchange.results import Declined, ShelfItem, SubmitResult
from gateway.exchange.submission import Submission
from gateway.partners.directory import Directory
from gateway.telemetry import Telemetry
from schemas.identifiers import DeliveryId, OrganisationId


class Intake(Protocol):
    """What a door calls. `gateway.pipeline.Pipeline` keeps it."""

    def submit(self, batch: Sequence[Submission]) -> Sequence[SubmitResult]:
        """One result each, in order. Raises StoreUnavailable or SignerUnavailable: then nothing was taken."""

    def collect(self, organisation: OrganisationId, after: int, limit: int) -> Sequence[ShelfItem]:
        """What lies on the shelf for this organisation, sealed for it now."""

    def acknowledge(self, organisation: OrganisationId, delivery_id: DeliveryId) -> SubmitResult:
        """The authenticated recipient has it: stage `delivered`, basis `mailbox`."""

    def detail(self, organisation: OrganisationId, delivery_id: DeliveryId) -> WireMessage | Declined:
        """What an event of ours points at, sealed for its recipient now. Raises StoreUnavailable or SignerUnavailable:
        then nothing was given out."""

    def soap_answer(self, status: int, soap_version: str, bare: bool) -> WireMessage:
        """An SPGInterchangeResponse, signed unless bare."""


JsonWebKeySet = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParts:
    """Everything a door may use. Nothing in it parses what partners send."""

    settings: Settings
    intake: Intake
    store: Store
    directory: Callable[[], Directory]
    """The present snapshot of who is who."""
    jwks: Callable[[], JsonWebKeySet]
    """Our public signing keys, current and next, as a JSON Web Key Set (RFC 7517 §5)."""
    clock: Clock
    telemetry: Telemetry


@dataclass(frozen=True, slots=True)
class Doorway:
    """The parts, and what one running application shares between its requests."""

    parts: ApiParts
    commits: GroupCommit
    bell: Bell
    budget: BodyBudget
    refusals: Refusals


async def _doorway(connection: HTTPConnection) -> Doorway:
    doorway = connection.app.state.doorway
    if not isinstance(doorway, Doorway):
        raise TypeError("the application was not made by create_app")
    return doorway


At = Annotated[Doorway, Depends(_doorway)]
"""Parameter of every endpoint: where it is and what it may use."""
