"""What workers and operators are owed: the outbox, leases and tokens, the directory, checkpoints, readiness."""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.audit.chain import GENESIS, verify
from gateway.audit.events import AuditCode
from gateway.contract import Store, StoreUnavailable
from gateway.partners.agreement import Agreement, DeliveryMode, Direction, LastStage, OrderUntil, RetryPolicy
from gateway.partners.party import Organisation, Party, Standing
from gateway.records import CheckpointRecord, DeliveryState
from gateway.store.opening import open_store
from gateway.trust.keyring import KeyRecord, KeyUse
from gateway.trust.policy import LEGACY_SPG
from schemas.identifiers import DeliveryId, KeyId, OrganisationId, PartyCode
from tests.support.store import accepted, at, event, outbox_entry, progressed


def _pending(store: Store, seconds: float = 0, limit: int = 100) -> list[int]:
    return [entry.outbox_id for entry in store.outbox.pending(at(seconds), limit)]


def test_the_outbox_is_in_order_and_forgets_what_was_published(store: Store) -> None:
    assert (store.outbox.last_confirmed(), store.outbox.depth()) == (None, 0)
    store.unit_of_work.commit([accepted("one"), accepted("two")])
    assert _pending(store) == [1, 2, 3, 4]
    assert _pending(store, limit=3) == [1, 2, 3]
    store.outbox.published([1, 3], at(5))
    assert (_pending(store), store.outbox.depth(), store.outbox.last_confirmed()) == ([2, 4], 2, at(5))
    store.outbox.published([2], at(4))
    assert store.outbox.last_confirmed() == at(5), "the last confirm is the latest, whoever reports last"


def test_what_is_put_off_comes_back_in_its_place(store: Store) -> None:
    store.unit_of_work.commit([accepted("one"), accepted("two")])
    store.outbox.put_off([1, 2], at(10))
    assert _pending(store) == [3, 4]
    assert _pending(store, 10) == [1, 2, 3, 4]
    assert _pending(store, 10, limit=3) == [1, 2, 3]
    assert store.outbox.depth() == 4
    store.outbox.put_off([1], at(20))
    assert _pending(store, 10) == [2, 3, 4]


def test_the_outbox_works_in_bulk(store: Store) -> None:
    store.unit_of_work.commit([accepted(f"n{number}") for number in range(700)])
    ids = _pending(store, limit=5000)
    assert len(ids) == 1400
    store.outbox.put_off(ids[:1200], at(10))
    assert _pending(store, limit=5000) == ids[1200:]
    store.outbox.published(ids, at(1))
    assert store.outbox.depth() == 0


def test_the_sweeper_owes_again_without_making_anybody_stale(store: Store) -> None:
    store.unit_of_work.commit([accepted("one", due=1), accepted("two", due=1)])
    store.outbox.published(_pending(store), at(1))
    one, two = (store.queries.deliveries([DeliveryId(f"d-{name}")])[DeliveryId(f"d-{name}")] for name in ("one", "two"))
    store.unit_of_work.commit([progressed(two, DeliveryState.HANDED_OVER, AuditCode.DELIVERY_HANDED_OVER, next_attempt_at=at(999))])
    store.outbox.enqueue([(outbox_entry("one"), one), (outbox_entry("two"), two)], at(100))
    assert [entry.message_id for entry in store.outbox.pending(at(0), 10)] == ["d-one"]
    found = store.queries.deliveries([DeliveryId("d-one"), DeliveryId("d-two")])
    assert found[DeliveryId("d-one")] == one, "the time of the attempt is the courier's"
    assert found[DeliveryId("d-two")].next_attempt_at == at(999)
    assert store.queries.due(at(99), 10) == []
    assert [item.delivery_id for item in store.queries.due(at(100), 10)] == ["d-one"]
    assert store.unit_of_work.commit([progressed(one, DeliveryState.DELIVERED, AuditCode.DELIVERY_DELIVERED)]).stale == frozenset()
    store.outbox.enqueue([], at(1))


def test_a_lease_has_one_holder_at_a_time(store: Store) -> None:
    leases = store.leases
    assert leases.acquire("relay", "a", at(0), 10)
    assert not leases.acquire("relay", "b", at(9), 10)
    assert leases.acquire("relay", "a", at(9), 10), "renewed"
    assert not leases.acquire("relay", "b", at(18), 10)
    assert leases.acquire("sweeper", "b", at(18), 10)
    assert leases.acquire("relay", "b", at(19), 10), "expired"
    leases.release("relay", "a")
    assert not leases.acquire("relay", "a", at(20), 10), "only its holder gives it up"
    leases.release("relay", "b")
    assert leases.acquire("relay", "a", at(20), 10)


def test_a_token_is_seen_once(store: Store) -> None:
    org, other = OrganisationId("ndelius"), OrganisationId("crc")
    assert store.leases.remember_token(org, "t1", at(100))
    assert not store.leases.remember_token(org, "t1", at(100))
    assert store.leases.remember_token(other, "t1", at(200))
    assert store.leases.forget_tokens(at(99)) == 0
    assert store.leases.forget_tokens(at(100)) == 1
    assert store.leases.remember_token(org, "t1", at(300))
    assert not store.leases.remember_token(other, "t1", at(300))


ORGANISATION = Organisation(
    organisation_id=OrganisationId("crc"), name="Community „Rehab“ Ltd", standing=Standing.LIVE, broker_user="crc", broker_password_hash="h/+="
)
PLAIN = Agreement(party=PartyCode("C05"), direction=Direction.INBOUND, dialect="ndelius", version="1.2", packaging="jws")
RICH = Agreement(
    party=PartyCode("C05"),
    direction=Direction.OUTBOUND,
    dialect="ndelius",
    version="1.2",
    packaging="wss",
    policy=LEGACY_SPG,
    mode=DeliveryMode.SHELF,
    endpoint="https://localhost/x",
    receipt_endpoint="https://localhost/r",
    receipt_stages=frozenset({"applied"}),
    bare_response=True,
    last_stage=LastStage.DELIVERED,
    order=OrderUntil.APPLIED,
    types=frozenset({"Contact", "Address"}),
    broadcast_types=frozenset({"Contact"}),
    test_allowed=False,
    partial=True,
    message_statuses=True,
    reduced_deletes=True,
    max_messages=4,
    max_bytes=5,
    max_age_seconds=6,
    timeout_seconds=7.5,
    retry=RetryPolicy(first_seconds=1.25, factor=3, longest_seconds=9, attempts=2, resend_seconds=4),
    breaker_failures=2,
    breaker_seconds=0.5,
    soap_version="1.1",
)
KEY = KeyRecord(
    key_id=KeyId("k1"),
    organisation=OrganisationId("crc"),
    use=KeyUse.SIGN,
    algorithm="EdDSA",
    public_key=b"\x00\xff key",
    certificate=b"\x30\x82",
    not_before=at(0),
    not_after=at(1000),
    revoked_at=None,
    speaks_for=frozenset({PartyCode("C05"), PartyCode("C06")}),
)


def test_the_directory_comes_back_as_it_was_written(store: Store) -> None:
    partners, changed = store.partners, event(AuditCode.PARTNER_CHANGED, "crc")
    party = Party(code=PartyCode("C05"), name="Nord", organisation=OrganisationId("crc"))
    bare_key = replace(KEY, key_id=KeyId("k2"), certificate=None, use=KeyUse.AUTH, revoked_at=at(5), speaks_for=frozenset())
    assert (partners.version(), partners.directory().organisations) == (0, {})
    partners.put_organisation(ORGANISATION, changed)
    partners.put_party(party, changed)
    partners.put_agreement(PLAIN, changed)
    partners.put_agreement(RICH, changed)
    partners.put_key(KEY, event(AuditCode.KEY_ADDED, "k1"))
    partners.put_key(bare_key, event(AuditCode.KEY_ADDED, "k2"))
    directory = partners.directory()
    assert (partners.version(), directory.version) == (6, 6)
    assert dict(directory.organisations) == {"crc": ORGANISATION}
    assert dict(directory.parties) == {"C05": party}
    assert dict(directory.agreements) == {("C05", Direction.INBOUND): PLAIN, ("C05", Direction.OUTBOUND): RICH}
    assert dict(directory.keyring.keys) == {"k1": KEY, "k2": bare_key}
    assert len(store.queries.audit(0, 10)) == 6


def test_rows_of_the_directory_are_replaced(store: Store) -> None:
    store.partners.put_organisation(ORGANISATION, event(AuditCode.PARTNER_CHANGED, "crc"))
    left = replace(ORGANISATION, standing=Standing.LEFT)
    store.partners.put_organisation(left, event(AuditCode.PARTNER_CHANGED, "crc"))
    assert dict(store.partners.directory().organisations) == {"crc": left}
    assert store.partners.version() == 2


def test_a_revocation_stands_from_its_first_moment(store: Store) -> None:
    revoked = event(AuditCode.KEY_REVOKED, "k1")
    with pytest.raises(LookupError):
        store.partners.revoke_key(KeyId("k1"), at(1), revoked)
    assert store.queries.audit(0, 10) == []
    store.partners.put_key(KEY, event(AuditCode.KEY_ADDED, "k1"))
    store.partners.revoke_key(KeyId("k1"), at(20), revoked)
    store.partners.revoke_key(KeyId("k1"), at(30), revoked)
    key = store.partners.directory().keyring.find("k1")
    assert key == replace(KEY, revoked_at=at(20))
    assert verify(store.queries.audit(0, 10), GENESIS, [store.checkpoints.head()]) == []


def test_a_policy_of_no_name_is_not_kept(store: Store) -> None:
    lax = replace(PLAIN, policy=replace(LEGACY_SPG, signed_parts=frozenset()))
    with pytest.raises(ValueError, match="policy"):
        store.partners.put_agreement(lax, event(AuditCode.PARTNER_CHANGED, "crc"))


def test_checkpoints_are_kept_once_and_audited(store: Store) -> None:
    assert (store.checkpoints.latest(), store.checkpoints.all()) == (None, [])
    store.unit_of_work.commit([accepted("one")])
    signed = event(AuditCode.CHECKPOINT_SIGNED, "3")
    store.checkpoints.put("first.of.three", 3, signed)
    store.checkpoints.put("second.of.three", 3, signed)
    store.checkpoints.put("of.the.fourth", 4, signed)
    assert store.checkpoints.all() == [CheckpointRecord(3, "first.of.three"), CheckpointRecord(4, "of.the.fourth")]
    assert store.checkpoints.latest() == CheckpointRecord(4, "of.the.fourth")
    assert store.checkpoints.head().sequence == 5


def test_readiness_is_true_without_leaving_a_trace(store: Store) -> None:
    assert store.ready()
    assert store.checkpoints.head() == GENESIS
    assert store.ready()


def test_a_store_that_was_never_made_is_not_ready(tmp_path: object, postgresql_url: str) -> None:
    for url in (f"sqlite:///{tmp_path}/none.db", postgresql_url):
        with closing(open_store(url)) as empty:
            assert not empty.ready()


def test_a_database_that_is_not_there_is_unavailable(tmp_path: object) -> None:
    for url in (f"sqlite:///{tmp_path}/nowhere/x.db", "postgresql://nobody:x@127.0.0.1:1/none?connect_timeout=2"):
        with closing(open_store(url)) as gone:
            assert not gone.ready()
            with pytest.raises(StoreUnavailable) as raised:
                gone.unit_of_work.commit([accepted("one")])
            assert "nobody" not in str(raised.value)
            with pytest.raises(StoreUnavailable):
                gone.queries.queues()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x"])
def test_a_database_that_keeps_no_promise_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="store"):
        open_store(url)


def test_times_keep_their_microseconds(store: Store) -> None:
    odd = at(0) + timedelta(microseconds=1)
    store.leases.remember_token(OrganisationId("x"), "t", odd)
    assert store.leases.forget_tokens(odd - timedelta(microseconds=1)) == 0
    assert store.leases.forget_tokens(odd) == 1
