"""The profile document: one organisation with its parties, agreements and keys, as an operator writes it.

What it is: the pydantic model of a YAML or JSON document, closed (unknown fields are refused), and the
records that it stands for. What it is not: the rules (`onboarding`). Called by `gateway.operations`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.partners.agreement import Agreement, DeliveryMode, Direction, LastStage, OrderUntil, RetryPolicy
from gateway.partners.party import Organisation, Party
from gateway.trust.keyring import KeyUse
from gateway.trust.policy import POLICIES
from schemas.identifiers import OrganisationId, PartyCode


class ProfileError(ValueError):
    """The document is not a profile. One sentence per mistake, each with its place, without values."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, str_strip_whitespace=True)


class OrganisationEntry(_Closed):
    """Whoever runs the systems."""

    id: str
    name: str = Field(min_length=1, max_length=200)


class RetryEntry(_Closed):
    """When to try again; what is not said is as `RetryPolicy` has it."""

    first_seconds: float | None = None
    factor: float | None = None
    longest_seconds: float | None = None
    attempts: int | None = None
    resend_seconds: float | None = None


_UNSAID = {"party", "direction", "policy", "retry", "types", "receipt_stages"}


class AgreementEntry(_Closed):
    """What is agreed for one direction; what is not said is as `Agreement` has it."""

    dialect: str
    version: str
    packaging: str
    policy: Literal["strict", "legacy-spg"] = "strict"
    mode: DeliveryMode | None = None
    endpoint: str | None = None
    receipt_endpoint: str | None = None
    receipt_stages: frozenset[Literal["delivered", "applied", "not-applied", "discarded"]] | None = None
    bundle_receipts: bool | None = None
    bare_response: bool | None = None
    last_stage: LastStage | None = None
    order: OrderUntil | None = None
    types: frozenset[str] | None = None
    test_allowed: bool | None = None
    partial: bool | None = None
    message_statuses: bool | None = None
    reduced_deletes: bool | None = None
    detail_dialect: str | None = None
    name_case: bool | None = None
    max_messages: int | None = None
    max_bytes: int | None = None
    max_age_seconds: int | None = None
    timeout_seconds: float | None = None
    retry: RetryEntry | None = None
    breaker_failures: int | None = None
    breaker_seconds: float | None = None
    soap_version: Literal["1.1", "1.2"] | None = None

    def record(self, party: PartyCode, direction: Direction) -> Agreement:
        """The agreement that this stands for."""
        said = {name: value for name in self.model_fields_set - _UNSAID if (value := getattr(self, name)) is not None}
        if self.retry is not None:
            said["retry"] = RetryPolicy(**self.retry.model_dump(exclude_none=True))
        if self.receipt_stages is not None:
            said["receipt_stages"] = frozenset(str(stage) for stage in self.receipt_stages)
        return Agreement(party=party, direction=direction, policy=POLICIES[self.policy], types=self.types, **said)


class PartyEntry(_Closed):
    """One code on the wire and what is agreed for it."""

    code: str
    name: str = Field(min_length=1, max_length=200)
    inbound: AgreementEntry | None = None
    outbound: AgreementEntry | None = None


class KeyEntry(_Closed):
    """One public key: a JWK, or a certificate in PEM. Private members are refused by `trust`."""

    use: KeyUse
    jwk: Mapping[str, str] | None = None
    certificate: str | None = None
    algorithm: str | None = None
    """Only for a certificate whose key could sign in two ways; by default what its key type implies."""
    not_before: datetime | None = None
    not_after: datetime | None = None
    speaks_for: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def _one_form(self) -> "KeyEntry":
        if (self.jwk is None) == (self.certificate is None):
            raise ValueError("give either jwk or certificate")
        for moment in (self.not_before, self.not_after):
            if moment is not None and moment.tzinfo is None:
                raise ValueError("times need an offset, for example 2026-01-31T00:00:00Z")
        return self


class Profile(_Closed):
    """The whole document."""

    organisation: OrganisationEntry
    parties: tuple[PartyEntry, ...] = Field(min_length=1, max_length=100)
    keys: tuple[KeyEntry, ...] = Field(default=(), max_length=100)

    def organisation_record(self) -> Organisation:
        """The organisation, with a standing that `onboarding` decides."""
        return Organisation(organisation_id=OrganisationId(self.organisation.id), name=self.organisation.name)

    def party_records(self) -> tuple[Party, ...]:
        """Its parties, in order of the document."""
        owner = OrganisationId(self.organisation.id)
        return tuple(Party(code=PartyCode(entry.code), name=entry.name, organisation=owner) for entry in self.parties)

    def agreements(self) -> tuple[Agreement, ...]:
        """Its agreements, in order of the document."""
        entries = [(entry.code, direction, said) for entry in self.parties for direction, said in _directions(entry)]
        return tuple(said.record(PartyCode(code), direction) for code, direction, said in entries)


def read_profile(document: object) -> Profile:
    """Check a parsed YAML or JSON document. Raises ProfileError with every mistake and its place."""
    try:
        return Profile.model_validate(document)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        # A mistake inside a list makes the list itself look too short: only the innermost place is named.
        inner = [item for item in found if not any(other["loc"] != item["loc"] and other["loc"][: len(item["loc"])] == item["loc"] for other in found)]
        mistakes = tuple(f"{'.'.join(str(part) for part in item['loc']) or 'document'}: {item['msg']}" for item in inner)
        raise ProfileError(mistakes) from error


def _directions(entry: PartyEntry) -> tuple[tuple[Direction, AgreementEntry], ...]:
    both = ((Direction.INBOUND, entry.inbound), (Direction.OUTBOUND, entry.outbound))
    return tuple((direction, said) for direction, said in both if said is not None)
