"""The profile document: one organisation with its parties, agreements and keys, as an operator writes it.

What it is: the pydantic model of a YAML or JSON document, closed (unknown fields are refused), and the
records that it stands for. What it is not: the rules (`onboarding`). Called by `gateway.operations`.
partners/profile.schema.json is made of it, so what a field's description says is what an editor shows.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from gateway.partners.agreement import Agreement, DeliveryMode, Direction, LastStage, OrderUntil, RetryPolicy
from gateway.partners.filters import ContentFilter, Match
from gateway.partners.hours import Day, WorkingHours
from gateway.partners.party import Division, Kind, Organisation, Party
from gateway.partners.watching import Thresholds
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


def _quoted(value: object) -> object:
    if isinstance(value, int):
        raise ValueError('put the time in quotes ("17:00"): YAML reads it as a number')
    return value


TimeOfDay = Annotated[str, BeforeValidator(_quoted), Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class ContactEntry(_Closed):
    """Whom to tell. A role, never a person."""

    role: str = Field(min_length=1, max_length=100, description="Which desk it is, for example: service desk.")
    mailbox: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=200, description="The role's mailbox, never a person's.")


class HoursEntry(_Closed):
    """When somebody is there to mend what is down."""

    days: frozenset[Day] = Field(min_length=1, description="Days of the week.")
    opens: TimeOfDay = Field(alias="from", description='Local time, in quotes: "09:00".')
    closes: TimeOfDay = Field(alias="to", description="Local time, in quotes, later than `from`.")
    zone: Literal["Europe/London"] = Field(default="Europe/London", description="Time zone of the two times.")

    @model_validator(mode="after")
    def _in_order(self) -> "HoursEntry":
        if self.opens >= self.closes:
            raise ValueError("`to` must be later than `from`")
        return self

    def record(self) -> WorkingHours:
        """The hours that this stands for."""
        return WorkingHours(days=self.days, opens=self.opens, closes=self.closes, zone=self.zone)


class OrganisationEntry(_Closed):
    """Whoever runs the systems."""

    id: str = Field(description="Lower case letters, digits and hyphens; names its queue, exchange and folder, and never changes.")
    name: str = Field(min_length=1, max_length=200, description="Its name, for people.")
    code: str | None = Field(default=None, pattern=r"^[A-Z0-9]{1,10}$", description="Its short code as a partner organisation, for example PF.")
    owner: str | None = Field(default=None, min_length=1, max_length=200, description="Who owns it, or leads whoever does.")
    contact: ContactEntry | None = Field(default=None, description="Whom to tell when its system is down.")
    working_hours: HoursEntry | None = Field(default=None, description="Working hours for all its parties, unless an agreement has its own.")


class RetryEntry(_Closed):
    """When to try again; what is not said is as `RetryPolicy` has it."""

    first_seconds: float | None = Field(default=None, description="Pause after the first failure.")
    factor: float | None = Field(default=None, description="How much longer each pause is than the one before.")
    longest_seconds: float | None = Field(default=None, description="The longest pause.")
    attempts: int | None = Field(default=None, description="After so many the delivery is set aside for a person.")
    resend_seconds: float | None = Field(default=None, description="Queue and drop: how long to wait for a receipt before handing over again.")


class ThresholdsEntry(_Closed):
    """From when on a person is told; what is not said is as `Thresholds` has it, and 0 switches a rule off."""

    waiting: int | None = Field(default=None, description="Messages waiting for it.")
    waiting_minutes: int | None = Field(default=None, description="Age of the oldest that waits.")
    receipt_minutes: int | None = Field(default=None, description="How long its last word may be owed before it is late.")
    set_aside: int | None = Field(default=None, description="Deliveries whose attempts are exhausted.")
    silence_hours: int | None = Field(default=None, description="How long nothing may be heard of it, in its working hours.")
    certificate_days: int | None = Field(default=None, description="Days before a key or certificate of it ends.")


class MatchEntry(_Closed):
    """One rule of a content filter: it matches where everything that it names matches."""

    types: frozenset[str] | None = Field(default=None, description="Message types.")
    actions: frozenset[Literal["INS", "UPD", "DEL", "SYS", "RSP"]] | None = Field(default=None, description="Actions.")
    codes: dict[str, frozenset[str]] = Field(
        default={}, max_length=20, description="JSON pointer into the canonical payload, such as /contact_type/code, with codes of which one stands there."
    )

    def record(self) -> Match:
        """The rule that this stands for."""
        actions = None if self.actions is None else frozenset(map(str, self.actions))
        return Match(types=self.types, actions=actions, codes=tuple(sorted(self.codes.items(), key=lambda item: item[0])))


class FiltersEntry(_Closed):
    """Which messages a recipient takes: nothing that `except` matches, and where there is an `only`, what it matches."""

    only: tuple[MatchEntry, ...] = Field(default=(), max_length=50, description="It takes what one of these matches.")
    excepted: tuple[MatchEntry, ...] = Field(default=(), max_length=50, alias="except", description="It takes nothing that one of these matches.")

    def record(self) -> ContentFilter:
        """The filter that this stands for."""
        return ContentFilter(only=tuple(rule.record() for rule in self.only), excepted=tuple(rule.record() for rule in self.excepted))


_OTHERWISE = {"party", "direction", "policy", "retry", "types", "receipt_stages", "working_hours", "filters", "thresholds"}
_NEEDED = ("dialect", "version", "packaging")


class AgreementEntry(_Closed):
    """What is agreed for one direction; what is not said is as `Agreement` has it."""

    dialect: str | None = Field(default=None, description="The language of its system.")
    version: str | None = Field(default=None, description="Version of the message schema, such as 0-9-14; the same in every language.")
    packaging: str | None = Field(default=None, description="How content and signature are laid out: jws, detached or wss.")
    policy: Literal["strict", "legacy-spg"] = Field(default="strict", description="What a signature must cover; legacy-spg is for wss only.")
    mode: DeliveryMode | None = Field(default=None, description="Outbound: who moves (push, queue, shelf, drop).")
    endpoint: str | None = Field(default=None, description="Outbound, push: an https URL without user, query or fragment.")
    receipt_endpoint: str | None = Field(default=None, description="Push of JSON: where later receipts are posted.")
    receipt_stages: frozenset[Literal["delivered", "applied", "not-applied", "discarded"]] | None = Field(
        default=None, description="Later stages that the sender wants to be told of; all where left out."
    )
    bundle_receipts: bool | None = Field(default=None, description="Queue: receipts that are ready together come in one message.")
    bare_response: bool | None = Field(default=None, description="SPG: the synchronous answer is expected without a signature.")
    last_stage: LastStage | None = Field(default=None, description="The last stage that its system can reach.")
    order: OrderUntil | None = Field(default=None, description="When the next message of a case may go.")
    types: frozenset[str] | None = Field(default=None, description="Message types agreed; all where left out.")
    test_allowed: bool | None = Field(default=None, description="Whether messages with the test indicator are taken.")
    absorb: bool | None = Field(default=None, description="Inbound: a disabled sender; kept, refused with a receipt, delivered to nobody.")
    broadcast_types: frozenset[str] | None = Field(
        default=None, description="Inbound: messages of these types that name nobody go to everybody with an interest, not only to whoever is responsible."
    )
    broadcast_reference_data: bool | None = Field(default=None, description="Outbound: reference data is broadcast to it.")
    broadcast_offender_data: bool | None = Field(default=None, description="Outbound: data of cases in which it has an interest is broadcast to it.")
    filters: FiltersEntry | None = Field(default=None, description="Outbound: which messages it takes, by type, action and codes.")
    own_ids: bool | None = Field(default=None, description="It knows records by ids of its own; the gateway keeps which is which.")
    metadata_updates: bool | None = Field(default=None, description="Outbound: messages about stored documents; without effect until there are such messages.")
    working_hours: HoursEntry | None = Field(default=None, description="Outbound: instead of the organisation's.")
    partial: bool | None = Field(default=None, description="Inbound: take the good messages of an interchange although others are refused.")
    message_statuses: bool | None = Field(default=None, description="Outbound, SPG: a status notification has an entry per message.")
    reduced_deletes: bool | None = Field(default=None, description="Outbound, SPG: a delete goes out as its key alone.")
    detail_dialect: str | None = Field(default=None, description="Outbound, for dialects that only point at a message: the language that it is fetched in.")
    name_case: bool | None = Field(default=None, description="Outbound, for the same: what points at a message names its case too.")
    max_messages: int | None = Field(default=None, description="Inbound: messages in one interchange.")
    max_bytes: int | None = Field(default=None, description="Bytes of one interchange.")
    max_age_seconds: int | None = Field(default=None, description="Oldest message still accepted.")
    timeout_seconds: float | None = Field(default=None, description="Outbound, push: how long one call may take.")
    retry: RetryEntry | None = Field(default=None, description="When to try again.")
    thresholds: ThresholdsEntry | None = Field(default=None, description="Outbound: from when on a person is told.")
    breaker_failures: int | None = Field(default=None, description="Failures in a row after which the endpoint is left alone for a while.")
    breaker_seconds: float | None = Field(default=None, description="For how long.")
    soap_version: Literal["1.1", "1.2"] | None = Field(default=None, description="SPG over SOAP.")

    def record(self, party: PartyCode, direction: Direction) -> Agreement:
        """The agreement that this stands for."""
        said = {name: value for name in self.model_fields_set - _OTHERWISE if (value := getattr(self, name)) is not None}
        if self.retry is not None:
            said["retry"] = RetryPolicy(**self.retry.model_dump(exclude_none=True))
        if self.thresholds is not None:
            said["thresholds"] = Thresholds(**self.thresholds.model_dump(exclude_none=True))
        if self.filters is not None:
            said["filters"] = self.filters.record()
        if self.receipt_stages is not None:
            said["receipt_stages"] = frozenset(str(stage) for stage in self.receipt_stages)
        if self.working_hours is not None and direction is Direction.OUTBOUND:
            said["working_hours"] = self.working_hours.record()
        return Agreement(party=party, direction=direction, policy=POLICIES[self.policy], types=self.types, **said)

    def over(self, common: "AgreementEntry | None") -> "AgreementEntry":
        """These terms, and the common ones where nothing else is said."""
        if common is None:
            return self
        return common.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})


class DivisionEntry(_Closed):
    """A part of a party with a code of its own and no place on the wire."""

    code: str = Field(pattern=r"^[A-Z0-9]{3}$", description="Its code. Nothing can be addressed to it.")
    name: str = Field(min_length=1, max_length=200, description="Its name, for people.")


class PartyEntry(_Closed):
    """One code on the wire and what is agreed for it."""

    code: str = Field(description="Three capital letters or digits.")
    name: str = Field(min_length=1, max_length=200, description="Its name, for people.")
    kind: Kind | None = Field(default=None, description="What it is. For people and lists; it steers nothing.")
    divisions: tuple[DivisionEntry, ...] = Field(default=(), max_length=100, description="Parts of it that are no parties themselves.")
    route_to: str | None = Field(default=None, description="Id of another organisation that takes its place for now.")
    inbound: AgreementEntry | None = Field(default=None, description="It sends, we receive: over the common terms.")
    outbound: AgreementEntry | None = Field(default=None, description="We send, it receives: over the common terms.")


class KeyEntry(_Closed):
    """One public key: a JWK, or a certificate in PEM. Private members are refused by `trust`."""

    use: KeyUse = Field(description="sign: messages and receipts; auth: tokens of callers; tls: client certificates.")
    jwk: Mapping[str, str] | None = Field(default=None, description="The public key as a JWK.")
    certificate: str | None = Field(default=None, description="Or a certificate in PEM.")
    algorithm: str | None = Field(default=None, description="Only for a certificate whose key could sign in two ways.")
    not_before: datetime | None = Field(default=None, description="Believed from; with an offset.")
    not_after: datetime | None = Field(default=None, description="Believed until; with an offset.")
    speaks_for: frozenset[str] = Field(default=frozenset(), description="Parties that a signing key may speak for.")

    @model_validator(mode="after")
    def _one_form(self) -> "KeyEntry":
        if (self.jwk is None) == (self.certificate is None):
            raise ValueError("give either jwk or certificate")
        for moment in (self.not_before, self.not_after):
            if moment is not None and moment.tzinfo is None:
                raise ValueError("times need an offset, for example 2026-01-31T00:00:00Z")
        return self


class Profile(_Closed):
    """One organisation with its parties, what was agreed with them, and its public keys."""

    organisation: OrganisationEntry
    inbound: AgreementEntry | None = Field(default=None, description="Common terms for what each of its parties sends.")
    outbound: AgreementEntry | None = Field(default=None, description="Common terms for what is sent to each of its parties.")
    parties: tuple[PartyEntry, ...] = Field(min_length=1, max_length=100, description="Its codes on the wire.")
    keys: tuple[KeyEntry, ...] = Field(default=(), max_length=100, description="Its public keys; more may be pinned by `gateway key add`.")

    @model_validator(mode="after")
    def _whole(self) -> "Profile":
        lacking = [
            f"parties.{place}.{direction} lacks {', '.join(names)}"
            for place, entry in enumerate(self.parties)
            for direction, said in self._terms(entry)
            if (names := [name for name in _NEEDED if getattr(said, name) is None])
        ]
        codes = [entry.code for entry in self.parties]
        lacking += [f"parties.{place} is there twice" for place, code in enumerate(codes) if code in codes[:place]]
        if lacking:
            raise ValueError("; ".join(lacking))
        return self

    def organisation_record(self) -> Organisation:
        """The organisation, with a standing that `onboarding` decides."""
        entry, contact = self.organisation, self.organisation.contact
        return Organisation(
            organisation_id=OrganisationId(entry.id),
            name=entry.name,
            code=entry.code,
            owner=entry.owner,
            contact_role=contact.role if contact else None,
            contact_mailbox=contact.mailbox if contact else None,
        )

    def party_records(self) -> tuple[Party, ...]:
        """Its parties, in order of the document."""
        return tuple(self._party(entry) for entry in self.parties)

    def agreements(self) -> tuple[Agreement, ...]:
        """Its agreements, in order of the document."""
        return tuple(said.record(PartyCode(entry.code), direction) for entry in self.parties for direction, said in self._terms(entry))

    def document(self) -> dict[str, object]:
        """What was written, in one order whatever order it was written in, as plain data."""
        plain = _plain(self.model_dump(exclude_unset=True, by_alias=True))
        if not isinstance(plain, dict):
            raise TypeError("a profile is a mapping")
        return plain

    def _party(self, entry: PartyEntry) -> Party:
        return Party(
            code=PartyCode(entry.code),
            name=entry.name,
            organisation=OrganisationId(self.organisation.id),
            kind=entry.kind,
            divisions=tuple(Division(code=division.code, name=division.name) for division in entry.divisions),
            route_to=OrganisationId(entry.route_to) if entry.route_to is not None else None,
        )

    def _terms(self, entry: PartyEntry) -> list[tuple[Direction, AgreementEntry]]:
        """What is agreed with one party. A direction that it sets to null is not agreed, whatever the common terms."""
        hours = AgreementEntry(working_hours=self.organisation.working_hours) if self.organisation.working_hours else None
        common = {Direction.INBOUND: self.inbound, Direction.OUTBOUND: self.outbound.over(hours) if self.outbound else None}
        found: list[tuple[Direction, AgreementEntry]] = []
        for direction, own in ((Direction.INBOUND, entry.inbound), (Direction.OUTBOUND, entry.outbound)):
            said = own if direction.value in entry.model_fields_set else common[direction]
            if said is not None:
                found.append((direction, said.over(common[direction] or hours)))
        return found


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


def _plain(value: object) -> object:
    match value:
        case Mapping():
            return {str(name): _plain(item) for name, item in value.items()}
        case frozenset():
            return sorted(str(_plain(item)) for item in value)
        case tuple() | list():
            return [_plain(item) for item in value]
        case Enum():
            return value.value
        case datetime():
            return value.isoformat()
        case _:
            return value
