"""What people make us do: onboard, pin and revoke keys, move a standing, retry, discard, look.

What it is: the calls behind the command line, each one read, one rule, one audited write. What it is not:
I/O of its own: it holds the store, the clock and the means, which do. The rules are in `partners.onboarding`
and `exchange`; what they forbid comes out as `OnboardingError`, or here as `NotPossible`. Nothing that is
returned opens what is sealed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.audit.events import AuditEvent
from gateway.changes import Changes
from gateway.contract import Clock, MessageFilter, QueueFigures, Store, StoreUnavailable
from gateway.exchange import by_hand, settle
from gateway.exchange.crosswalk import Ids, is_number, learn
from gateway.exchange.delivery import ImpossibleTransition
from gateway.exchange.means import Means
from gateway.exchange.siblings import Siblings
from gateway.exchange.statuses import records_told
from gateway.partners import onboarding, proving
from gateway.partners.directory import Directory
from gateway.partners.history import ProfileVersion
from gateway.partners.onboarding import Parts
from gateway.partners.party import Organisation, Proof, Standing
from gateway.partners.plan import Plan, PlanRefused, Plans, Sourced, left_shelves, plan, plan_all
from gateway.partners.profile import Profile
from gateway.records import Attempt, Delivery, DeliveryKind, KnownId, MessageRecord, OwnId, ReceiptRecord, SubmissionRecord
from gateway.trust.keyring import KeyRecord
from schemas.faults import FaultCode
from schemas.identifiers import DeliveryId, KeyId, MessageId, OrganisationId, PartyCode
from schemas.receipts import Basis, Stage
from schemas.record_ids import KINDS, OWN

READINGS = 10
"""A worker may change a delivery between our reading and our writing: then it is read and decided again."""

SHELF_LEFT = timedelta(seconds=30)
"""After so long the sweeper looks after what waited on a shelf: by then the change that takes the shelf away is written."""


@dataclass(eq=False)
class NotFoundError(Exception):
    """There is no such thing."""

    what: str

    def __str__(self) -> str:
        return self.what


@dataclass(eq=False)
class NotPossibleError(Exception):
    """The state of things forbids it."""

    why: str

    def __str__(self) -> str:
        return self.why


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of a timeline."""

    at: datetime
    kind: str
    """`submission`, `message`, `delivery`, `attempt`, `receipt` or `audit`."""
    subject: str
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """What the store knows about one message, without what is sealed."""

    message: MessageRecord
    submission: SubmissionRecord
    deliveries: tuple[Delivery, ...]
    attempts: tuple[Attempt, ...]
    receipts: tuple[ReceiptRecord, ...]


class Operations:
    """One operator's hands. Holds no state of its own."""

    def __init__(self, *, store: Store, clock: Clock, parts: Parts, means: Means | None = None, lookup: Callable[[str], str] | None = None) -> None:
        """`means` signs the receipt of a discard; `lookup` turns a CRN into what the store searches by."""
        self._store = store
        self._clock = clock
        self._parts = parts
        self._means = means
        self._lookup = lookup

    def directory(self) -> Directory:
        """Who is who, now."""
        return self._store.partners.directory()

    def plan_profile(self, profile: Profile) -> Plan:
        """What `apply_profile` would write; nothing is written. Raises as it does."""
        return plan(self.directory(), profile, self._parts, self._clock())

    def plan_profiles(self, profiles: Sequence[Sourced], by: str) -> Plans:
        """What `apply_profiles` would write; nothing is written. Raises PlanRefused with every mistake."""
        partners, named = self._store.partners, [OrganisationId(one.profile.organisation.id) for one in profiles]
        # The directory first: where somebody applies in between, its version tells, and nothing is written.
        directory = partners.directory()
        return plan_all(directory, profiles, self._parts, self._clock(), by=by, latest=partners.latest_profiles(named))

    def apply_profiles(self, profiles: Sequence[Sourced], by: str) -> Plans:
        """Write organisations with their parties, agreements, keys and documents: all of it in one transaction,
        each record audited, or nothing. Applying the same again writes nothing. What no profile names stays."""
        for _ in range(READINGS):
            plans = self.plan_profiles(profiles, by)
            if not (plans.writes or plans.versions):
                return plans
            # Before and not after: if we die in between, couriers lay back what is still for the shelf.
            self._unshelve(left_shelves(plans))
            if self._store.partners.apply(plans.changes(), plans.before.version):
                return plans
        raise StoreUnavailable("the directory changes too often now")

    def profile_versions(self, organisation_id: OrganisationId) -> Sequence[ProfileVersion]:
        """Every profile that was applied for an organisation, oldest first."""
        return self._store.partners.profiles(organisation_id)

    def apply_profile(self, profile: Profile, by: str = "") -> Plan:
        """One profile, as `apply_profiles` does it. Raises OnboardingError, KeyUnusable for its first mistake."""
        try:
            return self.apply_profiles([Sourced(source="", profile=profile)], by).plans[0]
        except PlanRefused as refused:
            raise refused.mistakes[0].error from refused

    def missing(self, organisation_id: OrganisationId) -> tuple[str, ...]:
        """What an organisation still needs before it can be live."""
        return onboarding.missing(self.directory(), organisation_id, self._clock())

    def move(self, organisation_id: OrganisationId, to: Standing, *, without_conformance: str = "") -> Organisation:
        """Change a standing as the table of onboarding allows; a reason lets a party that was not proved go live."""
        moved = onboarding.move(self.directory(), organisation_id, to, self._clock(), without_conformance=without_conformance)
        self._store.partners.put_organisation(*moved)
        return moved[0]

    def remember_run(self, proof: Proof, *, failed: int) -> Organisation:
        """Remember a conformance run: a passed one lets the party's organisation go live, another does not."""
        organisation, now = self.directory().organisation_of(proof.party), self._clock()
        if organisation is None:
            raise NotFoundError("The party is not known.")
        judged = proving.disprove(organisation, proof, failed, now) if failed else proving.prove(organisation, proof, now)
        self._store.partners.put_organisation(*judged)
        return judged[0]

    def give_broker_user(self, organisation_id: OrganisationId, *, user: str, password_hash: str) -> Organisation:
        """Keep the broker user of an organisation and its salted hash, so that a wiped broker can be rebuilt."""
        now = self._clock()
        organisation, event = onboarding.give_broker_user(self.directory(), organisation_id, user=user, password_hash=password_hash, now=now)
        self._store.partners.put_organisation(organisation, event)
        return organisation

    def add_key(self, key: KeyRecord) -> KeyRecord:
        """Pin one key. Several may overlap: that is how keys are changed without an outage."""
        record, event = onboarding.pin_key(self.directory(), key, self._clock())
        self._store.partners.put_key(record, event)
        return record

    def revoke_key(self, key_id: KeyId, reason: str) -> KeyRecord:
        """End a key now."""
        now = self._clock()
        key, event = onboarding.revoke(self.directory(), key_id, reason=reason, now=now)
        self._store.partners.revoke_key(key_id, now, event)
        return key

    def retry(self, delivery_id: DeliveryId, by: str) -> Delivery:
        """Put a delivery that was refused or set aside, or that waits for its next attempt, back on the road, now."""
        return self._change(delivery_id, lambda delivery, now: by_hand.retried(delivery, by, now))

    def discard(self, delivery_id: DeliveryId, reason: str, by: str) -> Delivery:
        """End a delivery. Its sender reads the reason in a signed `discarded` receipt, so: no personal data in it."""
        if not reason.strip():
            raise NotPossibleError("A discard needs a reason.")
        return self._change(delivery_id, lambda delivery, now: self._discarded(delivery, reason.strip(), by, now))

    def queues(self) -> Sequence[QueueFigures]:
        """What waits for each recipient."""
        return self._store.queries.queues()

    def find(self, wanted: MessageFilter, *, crn: str | None = None, limit: int = 50, after: MessageId | None = None) -> Sequence[MessageRecord]:
        """Newest first. A CRN is searched by its HMAC and goes no further than here."""
        if crn is not None:
            if self._lookup is None:
                raise NotPossibleError("Searching by case needs the gateway's own keys.")
            wanted = replace(wanted, case_lookup=self._lookup(crn))
        return self._store.queries.find(wanted, limit, after)

    def dossier(self, message_id: MessageId) -> Dossier:
        """All about one message. Raises NotFoundError."""
        queries = self._store.queries
        message = queries.messages([message_id]).get(message_id)
        if message is None:
            raise NotFoundError("There is no message with this id.")
        deliveries = tuple(queries.deliveries_of_messages([message_id]).get(message_id, ()))
        receipts = [receipt for receipt in queries.receipts_of_submission(message.submission_id) if receipt.message_id in {None, message_id}]
        return Dossier(
            message=message,
            submission=queries.submissions([message.submission_id])[message.submission_id],
            deliveries=deliveries,
            attempts=tuple(attempt for delivery in deliveries for attempt in queries.attempts(delivery.delivery_id)),
            receipts=tuple(receipts),
        )

    def timeline(self, message_id: MessageId) -> tuple[Moment, ...]:
        """Submission, attempts, receipts and audit events of one message, in one order of time."""
        dossier = self.dossier(message_id)
        subjects = [message_id, dossier.message.submission_id, *(delivery.delivery_id for delivery in dossier.deliveries)]
        audited = self._store.queries.audit_about(subjects)
        moments = [
            _handed_in(dossier),
            *(_attempted(attempt) for attempt in dossier.attempts),
            *(_said(receipt) for receipt in dossier.receipts),
            *(_audited(record.event) for record in audited),
        ]
        return tuple(sorted(moments, key=lambda moment: moment.at))

    def _unshelve(self, codes: Sequence[PartyCode]) -> None:
        after, page = 0, 500
        while waiting := self._store.queries.shelf(codes, after, page) if codes else ():
            now = self._clock()
            self._store.unit_of_work.commit([settle.unshelved(delivery, now + SHELF_LEFT, now) for delivery in waiting])
            after = waiting[-1].sequence

    def _change(self, delivery_id: DeliveryId, decide: Callable[[Delivery, datetime], Changes]) -> Delivery:
        for _ in range(READINGS):
            delivery = self._store.queries.deliveries([delivery_id]).get(delivery_id)
            if delivery is None:
                raise NotFoundError("There is no delivery with this id.")
            try:
                changes = decide(delivery, self._clock())
            except ImpossibleTransition as impossible:
                raise NotPossibleError(f"The delivery is {delivery.state}: {impossible}.") from impossible
            if not self._store.unit_of_work.commit([changes]).stale:
                return self._store.queries.deliveries([delivery_id])[delivery_id]
        raise StoreUnavailable("the delivery changes too often now")

    def _discarded(self, delivery: Delivery, reason: str, by: str, now: datetime) -> Changes:
        if self._means is None:
            raise NotPossibleError("A discard is receipted, which needs the gateway's own keys.")
        if delivery.kind is not DeliveryKind.MESSAGE:
            # A notice owes its sender no receipt: the receipt that it carries can be asked for.
            return by_hand.ended(delivery, by, now)
        word = settle.Word(stage=Stage.DISCARDED, basis=Basis.OPERATOR, fault=settle.fault_claim_of(FaultCode.DISCARDED_BY_OPERATOR, reason))
        changes = settle.say(delivery, word, self._around(delivery), self._means, now)
        own, *others = changes.events
        return replace(changes, events=(replace(own, facts={**own.facts, "by": by}), *others))

    def put_own_id(self, organisation: str, kind: str, own_id: str, record_id: str, by: str) -> KnownId:
        """Enter which record an organisation's own id stands for. What is known already is never changed."""
        owner = onboarding.require_organisation(self.directory(), OrganisationId(organisation))
        if kind not in KINDS or OWN.fullmatch(f"~{own_id}") is None or not is_number(record_id):
            raise NotPossibleError(f"A kind is one of {', '.join(sorted(KINDS))}; an own id has up to 64 plain characters, a record's id up to 18 digits.")
        own = OwnId(organisation=owner.organisation_id, kind=kind, own_id=own_id)
        new = KnownId(own=own, record_id=record_id, since=self._clock(), source=f"operator:{by}")
        known = {**self._store.queries.known_ids([own.key]), **self._store.queries.known_records([new.record_key])}
        changes = learn(new, known)
        if not changes.known_ids:
            raise NotPossibleError("The own id or the record is known as another already; what is known stands.")
        self._store.unit_of_work.commit([changes])
        return new

    def _around(self, delivery: Delivery) -> settle.Surroundings:
        queries, submission, directory = self._store.queries, delivery.submission_id, self.directory()
        return settle.Surroundings(
            directory=directory,
            submission=queries.submissions([submission]).get(submission),
            siblings=Siblings.of(queries.deliveries_of_submissions([submission]).get(submission, ()), directory),
            records=records_told(queries.receipts_of_submission(submission)),
            ids=Ids(awaited=queries.awaited_of([delivery.message_id] if delivery.message_id else [])),
        )


def _handed_in(dossier: Dossier) -> Moment:
    submission = dossier.submission
    detail = f"{submission.channel}, control reference {submission.control_reference}"
    return Moment(at=submission.received_at, kind="submission", subject=submission.submission_id, what=f"received from {submission.sender}", detail=detail)


def _attempted(attempt: Attempt) -> Moment:
    detail = " ".join(part for part in (attempt.fault or "", attempt.detail) if part)
    return Moment(at=attempt.at, kind="attempt", subject=attempt.delivery_id, what=f"attempt {attempt.number}: {attempt.outcome}", detail=detail)


def _said(receipt: ReceiptRecord) -> Moment:
    subject = receipt.delivery_id or receipt.message_id or receipt.submission_id
    return Moment(at=receipt.issued_at, kind="receipt", subject=subject, what=f"receipt {receipt.stage}", detail=receipt.digest)


def _audited(event: AuditEvent) -> Moment:
    detail = " ".join(f"{name}={value}" for name, value in sorted(event.facts.items()) if value != "")
    return Moment(at=event.at, kind="audit", subject=event.subject, what=event.code.value, detail=detail)
