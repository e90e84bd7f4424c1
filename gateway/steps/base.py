"""What every step shares: the store, the clock, the directory snapshot, and committing until nothing is stale.

What it is: the two beats that are the same in all steps, load (the directory) and commit. What it is not: a
rule. Called by the steps of the pipeline.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

from adapters.contract import Adapter, Channel
from gateway.changes import Changes
from gateway.contract import Clock, Store, StoreUnavailable
from gateway.exchange.accept import Decision
from gateway.exchange.crosswalk import Ids, pairs, record_of
from gateway.exchange.means import Means
from gateway.exchange.settle import Word
from gateway.exchange.stages import reached_last_stage
from gateway.exchange.statuses import OfRecord, records_told
from gateway.partners.directory import Directory
from gateway.records import Delivery, DeliveryKind, MessageRecord
from gateway.steps.around import Around, speaks_of_record
from gateway.telemetry_facts import Round
from gateway.trust.contract import ClaimedSender, Lookup, Packaging, SenderTrust
from gateway.trust.keyring import KeyUse
from gateway.trust.sealing import unseal
from schemas.catalogue import load
from schemas.envelope import Message
from schemas.identifiers import DeliveryId, SubmissionId

T = TypeVar("T")
_ROUNDS = 20
"""How often a stale item is decided anew before the batch is given back as if the store were away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the composition root hands to the pipeline."""

    store: Store
    clock: Clock
    means: Means
    adapters: Mapping[str, Adapter]
    packagings: Mapping[str, Packaging]
    channels: Mapping[str, Channel]
    """By delivery mode; empty in processes that hand nothing over."""
    observe_unproven: Callable[[str, str, str], None]
    """Channel, fault code and cause of what failed before its sender was proven."""
    observe_bug: Callable[[str, BaseException], None]
    """Where it happened, and the mistake of ours."""
    observe_round: Callable[[Round], None] = lambda _: None
    """What a recipient was handed, and how long it took; what was committed the store tells by itself."""


class Step:
    """One step of the pipeline over a batch."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._snapshot = Directory(version=-1)
        self._lookups: dict[str, tuple[Directory, Lookup]] = {}

    def _directory(self) -> Directory:
        version = self._parts.store.partners.version()
        if version != self._snapshot.version:
            self._snapshot = self._parts.store.partners.directory()
        return self._snapshot

    def _commit(self, changes: Sequence[Changes]) -> frozenset[int]:
        """Write; answer the places of the stale."""
        return self._parts.store.unit_of_work.commit(changes).stale if changes else frozenset()

    def _until_committed(self, items: Sequence[T], decide: Callable[[Sequence[T], bool], Sequence[Decision]]) -> list[Decision]:
        """Load, decide and commit a batch, and again for those that were stale, until all stand. `decide` is told
        whether this is another look, so that it can load anew what it knew already."""
        answers: dict[int, Decision] = {}
        places = list(range(len(items)))
        for look in range(_ROUNDS):
            decisions = dict(zip(places, decide([items[place] for place in places], look > 0), strict=True))
            writing = [place for place in places if decisions[place].changes is not None]
            stale = self._commit([changes for place in writing if (changes := decisions[place].changes) is not None])
            again = {writing[position] for position in stale}
            answers |= {place: decision for place, decision in decisions.items() if place not in again}
            places = [place for place in places if place in again]
            if not places:
                return [answers[place] for place in range(len(items))]
        raise StoreUnavailable("Other writers kept changing the same items.")

    def _lookup(self, directory: Directory, packaging: str) -> Lookup:
        """Facts about a claimed key. An organisation has one policy and dialect per packaging; onboarding sees to it."""
        known = self._lookups.get(packaging)
        if known is None or known[0] is not directory:
            known = self._lookups[packaging] = (directory, _lookup_in(directory, packaging))
        return known[1]

    def _around(self, deliveries: Sequence[Delivery], directory: Directory) -> Around:
        """Facts for settling. Only for telling SPG senders more is needed than the directory and what waits for this word."""
        messages = [d.message_id for d in deliveries if d.message_id is not None and d.kind is DeliveryKind.MESSAGE]
        queries = self._parts.store.queries
        around = Around(directory, queries.takeovers(messages), Ids(awaited=queries.awaited_of(messages))) if messages else Around(directory)
        wanted = {d.submission_id for d in deliveries if (a := directory.inbound(d.sender)) is not None and a.packaging == "wss"}
        if wanted:
            submissions = self._parts.store.queries.submissions(list(wanted))
            siblings = self._parts.store.queries.deliveries_of_submissions(list(wanted))
            batch = {delivery.delivery_id for delivery in deliveries}
            for submission in wanted:
                some = siblings.get(submission, ())
                around.add(submission, submissions.get(submission), some, self._records(submission, some, batch, directory))
        return around

    def _load_ids(self, around: Around, said: Sequence[tuple[Delivery, Word]]) -> None:
        """Where recipients said something of ids: what the messages are about, and what stands already."""
        said = [(delivery, word) for delivery, word in said if word.record_id or word.local_id]
        if not said:
            return
        queries, now = self._parts.store.queries, self._now()
        named = [delivery.message_id for delivery, word in said if word.local_id and delivery.message_id]
        opened = {message_id: open_message(record, self._parts.means) for message_id, record in queries.messages(named).items()} if named else {}
        records = {message_id: record for message_id, message in opened.items() if (record := record_of(message)) is not None}
        ids = replace(around.ids, records={**around.ids.records, **records})
        new = [
            pair
            for delivery, word in said
            if (organisation := around.directory.organisation_of(delivery.recipient)) is not None
            for pair in pairs(delivery, word.record_id, word.local_id, ids, organisation.organisation_id, now)
        ]
        known = {**queries.known_ids([one.own.key for one in new]), **queries.known_records([one.record_key for one in new])} if new else {}
        around.ids = replace(ids, known={**known, **ids.known})

    def _records(
        self, submission: SubmissionId, siblings: Sequence[Delivery], batch: Collection[DeliveryId], directory: Directory
    ) -> Mapping[DeliveryId, OfRecord]:
        """Only where the sender's agreement has it told, one of them may have something to tell, and this batch may be the
        one that ends the interchange: before that nothing is sent, and a large interchange has many receipts."""
        told = any(speaks_of_record(d) and (a := directory.outbound(d.sender)) is not None and a.message_statuses for d in siblings)
        if not told or any(d.delivery_id not in batch and not reached_last_stage(d, directory.outbound(d.recipient)) for d in siblings):
            return {}
        return records_told(self._parts.store.queries.receipts_of_submission(submission))

    def _now(self) -> datetime:
        return self._parts.clock()


def open_message(record: MessageRecord, means: Means) -> Message:
    """The message that a row holds. Raises Unsealable."""
    return load(unseal(record.canonical, means.archive, record.message_id.encode()))


_ALSO: Mapping[str, tuple[str, ...]] = {"jws": ("detached",)}
"""Agreed packagings of partners that may send something laid out so besides: who signs documents beside them sends
its receipts as compact JWS, over any door. Messages it may not: no adapter is found for those."""


def _lookup_in(directory: Directory, packaging: str) -> Lookup:
    @lru_cache(maxsize=256)
    def find(claimed: ClaimedSender) -> SenderTrust | None:
        key = directory.keyring.find(claimed.key_id)
        if key is None or key.use is not KeyUse.SIGN:
            return None
        agreements = [
            a for code in sorted(key.speaks_for) if (a := directory.inbound(code)) is not None and a.packaging in (packaging, *_ALSO.get(packaging, ()))
        ]
        agreements.sort(key=lambda agreement: agreement.packaging != packaging)
        return SenderTrust(key, agreements[0].policy, agreements[0].max_age_seconds) if agreements else None

    return find
