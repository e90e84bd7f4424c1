"""Who has to do with a case, on both databases: written with the message or not at all, the newest word stands."""

from dataclasses import replace

from gateway.audit.events import AuditCode
from gateway.contract import Store
from gateway.records import CaseParties, Interest, Responsibility, Takeover
from schemas.identifiers import MessageId, PartyCode
from tests.support.store import accepted, at, event

CASE = "a" * 64


def interest(party: str, *, case: str = CASE) -> Interest:
    return Interest(case_lookup=case, party=PartyCode(party), since=at(0), why="sent", message_id=MessageId("m-1"))


def responsibility(party: str, seconds: float) -> Responsibility:
    return Responsibility(case_lookup=CASE, party=PartyCode(party), since=at(seconds), message_id=MessageId(f"m-{party}"))


def takeover(message: str) -> Takeover:
    return Takeover(message_id=MessageId(message), case_lookup=CASE, party=PartyCode("C17"), giver=PartyCode("C05"), at=at(1))


def test_interests_and_takeovers_come_with_their_message(store: Store) -> None:
    changes = replace(accepted("one"), interests=(interest("C05"), interest("C17")), takeovers=(takeover("m-one"),))
    store.unit_of_work.commit([changes, replace(accepted("two"), interests=(interest("C05"), interest("C05", case="b" * 64)))])
    assert store.queries.cases([CASE, "b" * 64, "c" * 64]) == {
        CASE: CaseParties(None, frozenset({PartyCode("C05"), PartyCode("C17")})),
        "b" * 64: CaseParties(None, frozenset({PartyCode("C05")})),
    }
    assert store.queries.takeovers([MessageId("m-one"), MessageId("m-two")]) == {MessageId("m-one"): takeover("m-one")}


def test_what_is_stale_teaches_nothing(store: Store) -> None:
    store.unit_of_work.commit([accepted("one")])
    stale = replace(accepted("one"), interests=(interest("C20"),), responsibilities=(responsibility("C20", 1),))
    assert store.unit_of_work.commit([stale]).stale == {0}
    assert store.queries.cases([CASE]) == {}


def test_the_newest_word_stands_in_whatever_order_it_comes(store: Store) -> None:
    happened = (event(AuditCode.RESPONSIBILITY_CHANGED, "m-1"),)
    for party, seconds in (("C05", 10.0), ("C17", 20.0), ("C20", 15.0)):
        store.unit_of_work.commit([replace(accepted(party), responsibilities=(responsibility(party, seconds),), events=happened)])
    assert store.queries.cases([CASE])[CASE].responsible == "C17"


def test_more_cases_than_one_list_holds(store: Store) -> None:
    cases = [f"{number:064d}" for number in range(1200)]
    store.unit_of_work.commit([replace(accepted("one"), interests=tuple(interest("C05", case=case) for case in cases))])
    assert store.queries.cases(cases).keys() == set(cases)
