"""Submit: verify, parse, route, accept; or, where it is a recipient's statement, settle.

What it is: the beats of the inbound road over a batch. What it is not: the rules (`gateway.exchange`). One
bad item never sinks its batch: it becomes its own refusal.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from adapters.contract import Adapter
from gateway.audit.events import AuditCode, AuditEvent
from gateway.changes import Changes
from gateway.contract import StoreUnavailable
from gateway.exchange import accept, route, settle, statements
from gateway.exchange.accept import Acceptance, Decision, RefusalFacts
from gateway.exchange.cases import Cases
from gateway.exchange.crosswalk import Crosswalk, own_ids, resolve
from gateway.exchange.delivery import BLOCKING
from gateway.exchange.results import Declined, Settled, SubmitResult
from gateway.exchange.statements import Statement
from gateway.exchange.submission import Submission
from gateway.partners.agreement import Agreement, OrderUntil
from gateway.partners.directory import Directory
from gateway.records import Delivery, DuplicateKey, OutboxEntry, SubmissionRecord, Verdict
from gateway.steps.around import Around
from gateway.steps.base import Step
from gateway.trust.contract import SignerUnavailable, VerifiedContent
from schemas.envelope import Entry, Interchange
from schemas.faults import Fault, FaultCode, Refusal, refuse
from schemas.identifiers import MessageId, SubmissionId

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """A verified submission on its way to acceptance or refusal."""

    submission: Submission
    verified: VerifiedContent
    interchange: Interchange | None
    agreement: Agreement | None
    key: DuplicateKey
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """A verified statement of a recipient."""

    submission: Submission
    verified: VerifiedContent
    statement: Statement


_Item = _Taken | _Said | Decision


class SubmitStep(Step):
    """The inbound road."""

    def submit(self, batch: Sequence[Submission]) -> list[SubmitResult]:
        """One result each. Raises StoreUnavailable: then nothing of the batch was taken."""
        directory = self._directory()
        items = [self._guarded(partial(self._read, submission, directory)) for submission in batch]
        return [decision.result for decision in self._until_committed(items, lambda some, _: self._decide(some, directory))]

    def _guarded(self, work: Callable[[], T]) -> T | Decision:
        """A bug on one item becomes its own answer: the batch stands, and a person is told."""
        try:
            return work()
        except (StoreUnavailable, SignerUnavailable):
            raise
        except Exception as bug:  # noqa: BLE001 - see above
            self._parts.observe_bug("submit", bug)
            return Decision(Declined(fault=Fault(FaultCode.INTERNAL_ERROR)))

    # -- verify, parse -------------------------------------------------------------------------------------

    def _read(self, submission: Submission, directory: Directory) -> _Item:
        now = self._now()
        try:
            verified = self._verify(submission, directory, now)
        except Refusal as refusal:
            self._parts.observe_unproven(submission.channel, refusal.fault.code.value, refusal.cause)
            return accept.refuse_unproven(submission, refusal, means=self._parts.means, now=now)
        try:
            return self._parse(submission, verified, directory, now)
        except Refusal as refusal:
            return _unreadable(submission, verified, refusal)

    def _verify(self, submission: Submission, directory: Directory, now: datetime) -> VerifiedContent:
        packaging = self._parts.packagings[submission.packaging]
        means = self._parts.means
        verified = packaging.verify(submission.wire, self._lookup(directory, packaging.name), audience=means.issuer, now=now, limits=means.limits)
        if submission.peer is not None and verified.key.organisation != submission.peer:
            raise refuse(FaultCode.SIGNATURE_NOT_ACCEPTED, cause="the signing key belongs to another organisation than the connection")
        return verified

    def _parse(self, submission: Submission, verified: VerifiedContent, directory: Directory, now: datetime) -> _Item:
        if verified.kind == "receipt":
            return _Said(submission=submission, verified=verified, statement=statements.of_receipt(verified, submission.wire))
        adapter, most = self._reader(submission, verified, directory)
        interchange = adapter.read(verified.content, most)
        # Read once and for all: of the content only its digest is needed from here on, and it may be large.
        verified = replace(verified, content=b"")
        key = accept.duplicate_key(interchange, submission.packaging)
        taken = _Taken(submission=submission, verified=verified, interchange=interchange, agreement=None, key=key)
        try:
            agreement = route.check_sender(interchange, verified, directory, submission.peer)
        except Refusal as refusal:
            # A sender code that the key may not speak for must not take a key in that sender's name.
            return replace(taken, refusal=refusal, key=accept.key_of_unreadable(verified))
        try:
            route.check_preparation(interchange, agreement, now)
            route.check_size(interchange, len(submission.wire.body), agreement)
            said = statements.notification_in(interchange)
            if said is not None:
                statement = statements.of_notification(said, interchange, verified, submission.wire)
                return _Said(submission=submission, verified=verified, statement=statement)
            # After statements: what a disabled sender says of messages that it was given still counts.
            route.check_enabled(interchange, agreement)
        except Refusal as refusal:
            return replace(taken, refusal=refusal, agreement=agreement)
        return replace(taken, agreement=agreement)

    def _reader(self, submission: Submission, verified: VerifiedContent, directory: Directory) -> tuple[Adapter, int]:
        """The adapter, and how many messages it may read. Which party of the key speaks is read later; what none of them
        may send is not read at all."""
        found = [a for code in sorted(verified.key.speaks_for) if (a := directory.inbound(code)) is not None and a.packaging == submission.packaging]
        if not found:
            raise refuse(FaultCode.PARTNER_NOT_LIVE, "No party of this key has an agreement for this packaging.")
        route.check_bytes(len(submission.wire.body), max(agreement.max_bytes for agreement in found))
        return self._parts.adapters[found[0].dialect], max(agreement.max_messages for agreement in found)

    # -- load, decide --------------------------------------------------------------------------------------

    def _decide(self, items: Sequence[_Item], directory: Directory) -> list[Decision]:
        known = self._load_keys([item.key for item in items if isinstance(item, _Taken)])
        said = [item.statement for item in items if isinstance(item, _Said)]
        found = self._load_deliveries(said)
        around = self._around(list(found.values()), directory)
        cases = self._load_cases([item.interchange for item in items if isinstance(item, _Taken) and item.interchange is not None])
        successors = self._load_successors(list(found.values()), directory)
        crosswalk = self._load_crosswalk(items)
        self._load_ids(around, [(delivery, one.word) for one in said if (delivery := found.get(_place(one))) is not None])
        decisions: list[Decision] = []
        for item in items:
            match item:
                case _Taken():
                    decisions.append(self._guarded(partial(self._take, item, known.get(item.key), directory, cases, crosswalk)))
                case _Said():
                    found_for_it = found.get(_place(item.statement))
                    decisions.append(self._guarded(partial(self._settle, item, found_for_it, directory, around, successors)))
                    around.note(decisions[-1].changes)
                case Decision():
                    decisions.append(item)
            cases.note(decisions[-1].changes)
            crosswalk.note(decisions[-1].changes)
        return decisions

    def _load_keys(self, keys: Sequence[DuplicateKey]) -> Mapping[DuplicateKey, SubmissionRecord]:
        return self._parts.store.queries.submissions_by_key(keys) if keys else {}

    def _load_cases(self, interchanges: Sequence[Interchange]) -> Cases:
        """Who has to do with the cases of all of them, in one question."""
        cases, key = Cases(), self._parts.means.lookup_key
        named = {crn for interchange in interchanges for entry in interchange.entries if isinstance(entry, Entry) and (crn := entry.header.case_reference)}
        lookups = [cases.lookup(crn, key) for crn in sorted(named)]
        if lookups:
            cases.load(self._parts.store.queries.cases(lookups))
        return cases

    def _load_crosswalk(self, items: Sequence[_Item]) -> Crosswalk:
        """What is known of the own ids that they name; nothing is asked where none is named."""
        taken = [item for item in items if isinstance(item, _Taken) and item.interchange is not None]
        keys = [own.key for item in taken if item.interchange is not None for own in own_ids(item.interchange, item.verified.key.organisation)]
        queries = self._parts.store.queries
        return Crosswalk(dict(queries.known_ids(keys)), dict(queries.awaited_ids(keys))) if keys else Crosswalk()

    def _load_deliveries(self, said: Sequence[Statement]) -> dict[str, Delivery]:
        queries = self._parts.store.queries
        by_message = queries.deliveries_of_messages([s.message_id for s in said if s.message_id]) if said else {}
        by_sequence = queries.deliveries_by_sequence([s.sequence for s in said if s.sequence]) if said else {}
        found: dict[str, Delivery] = {}
        for statement in said:
            if statement.sequence is not None:
                delivery = by_sequence.get(statement.sequence)
            else:
                delivery = _of_recipient(by_message.get(statement.message_id or MessageId(""), ()), statement)
            if delivery is not None:
                found[_place(statement)] = delivery
        return found

    def _load_successors(self, settled: Sequence[Delivery], directory: Directory) -> dict[tuple[str, str], Delivery]:
        """Where order is kept until applied, the next of the case has waited for this word."""
        strict = [d for d in settled if (a := directory.outbound(d.recipient)) is not None and a.order is OrderUntil.APPLIED]
        successors: dict[tuple[str, str], Delivery] = {}
        for recipient in {d.recipient for d in strict}:
            lanes = [d.lane for d in strict if d.recipient == recipient]
            for lane, waiting in self._parts.store.queries.lanes(recipient, lanes, BLOCKING, 1).items():
                if waiting:
                    successors[recipient, lane] = waiting[0]
        return successors

    def _take(self, item: _Taken, existing: SubmissionRecord | None, directory: Directory, cases: Cases, crosswalk: Crosswalk) -> Decision:
        now, means = self._now(), self._parts.means
        supersedes = None
        if existing is not None:
            if existing.content_digest == item.verified.digest and not _worth_another_look(existing):
                return self._again(item, existing, now)
            if existing.verdict is Verdict.ACCEPTED:
                reused = refuse(FaultCode.KEY_REUSED, "The first content under this id or reference was accepted and stands.")
                return accept.refuse_authentic(self._refusal_facts(item, now, keep=False), reused)
            supersedes = item.key
        try:
            if item.refusal is not None or item.interchange is None or item.agreement is None:
                raise item.refusal or refuse(FaultCode.MALFORMED)
            resolved = resolve(item.interchange, item.agreement, item.verified.key.organisation, crosswalk)
            return Acceptance(
                submission=item.submission,
                verified=item.verified,
                interchange=resolved.interchange,
                awaiting=resolved.awaiting,
                key=item.key,
                directory=directory,
                agreement=item.agreement,
                means=means,
                now=now,
                submission_id=SubmissionId(means.new_id()),
                cases=cases,
                supersedes=supersedes,
            ).decide()
        except Refusal as refusal:
            facts = self._refusal_facts(item, now, keep=True)
            return accept.refuse_authentic(replace(facts, supersedes=supersedes), refusal)

    def _refusal_facts(self, item: _Taken, now: datetime, *, keep: bool) -> RefusalFacts:
        return RefusalFacts(
            submission=item.submission,
            verified=item.verified,
            key=item.key,
            control_reference=item.interchange.control_reference if item.interchange else "",
            interchange=item.interchange,
            means=self._parts.means,
            now=now,
            submission_id=SubmissionId(self._parts.means.new_id()),
            keep=keep,
        )

    def _again(self, item: _Taken, existing: SubmissionRecord, now: datetime) -> Decision:
        queries = self._parts.store.queries
        later = tuple(record.jws for record in queries.receipts_of_submission(existing.submission_id))
        ids = tuple(record.message_id for record in queries.messages_of(existing.submission_id) if record.reference)
        result = accept.again(existing, later, ids)
        answers: tuple[OutboxEntry, ...] = ()
        for jws in (existing.receipt, *later):
            answers += accept.answer_entries(item.submission, existing.organisation, jws, existing.submission_id)
        facts = {"organisation": existing.organisation, "sender": existing.sender, "channel": item.submission.channel, "content": item.verified.digest}
        event = AuditEvent(AuditCode.SUBMISSION_DUPLICATE, now, existing.submission_id, facts)
        return Decision(result, Changes(outbox=answers, events=(event,)))

    def _settle(
        self,
        item: _Said,
        delivery: Delivery | None,
        directory: Directory,
        around: Around,
        successors: Mapping[tuple[str, str], Delivery],
    ) -> Decision:
        now, statement = self._now(), item.statement
        try:
            found = statements.check(statement, around.now(delivery) if delivery is not None else None, directory)
        except Refusal as refusal:
            facts = {"organisation": statement.organisation, "fault": refusal.fault.code.value}
            event = AuditEvent(AuditCode.RECEIPT_REFUSED, now, statement.subject, facts)
            return Decision(Declined(fault=refusal.fault, organisation=statement.organisation), Changes(events=(event,)))
        ids = (found.message_id,) if found.message_id else ()
        if statements.said_before(statement, found):
            return Decision(Settled(message_ids=ids, repeated=True, sender=found.recipient))
        changes = settle.say(found, statement.word, around.of(found), self._parts.means, now)
        following = successors.get((found.recipient, found.lane))
        if following is not None and following.delivery_id != found.delivery_id:
            changes = replace(changes, outbox=(*changes.outbox, accept.parcel_entry(following, None, self._parts.means)))
        return Decision(Settled(message_ids=ids, sender=found.recipient), changes)


def _unreadable(submission: Submission, verified: VerifiedContent, refusal: Refusal) -> _Taken:
    key = accept.key_of_unreadable(verified)
    return _Taken(submission=submission, verified=verified, interchange=None, agreement=None, key=key, refusal=refusal)


def _worth_another_look(existing: SubmissionRecord) -> bool:
    """A refusal that sending again can change (the partner was not live then) is decided anew."""
    return existing.verdict is Verdict.REFUSED and Fault(FaultCode(existing.fault or FaultCode.INTERNAL_ERROR.value)).row.retry


def _place(statement: Statement) -> str:
    return f"{statement.message_id or statement.sequence}/{statement.recipient}/{statement.organisation}"


def _of_recipient(deliveries: Sequence[Delivery], statement: Statement) -> Delivery | None:
    matching = [d for d in deliveries if statement.recipient in (None, d.recipient)]
    return matching[0] if len(matching) == 1 else None
