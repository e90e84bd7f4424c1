"""All 22 parties at once: every dialect, channel, delivery mode and message type, and a broadcast, to the last receipt.

What is proved is read from the partners' own journals and from receipts that they verified; the gateway is asked for the
verification of its audit alone.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from adapters.catalogue import DIALECTS
from broker.node import installed_server
from gateway.partners.agreement import DeliveryMode
from gateway.rehearsal import interchange
from gateway.rehearsal.journal import Entry, Noted
from gateway.rehearsal.reckoning import Reckoning, reckon
from gateway.rehearsal.record_names import RECORD_NAMES
from gateway.rehearsal.record_versions import NO_VERSION
from schemas.catalogue import CATALOGUE
from tests.support.everybody import Everybody, everybody, published
from tests.support.faults import bugs_in
from tests.support.integrity import findings

SECONDS = 60.0
pytestmark = [
    pytest.mark.slow,
    pytest.mark.rabbitmq,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("everybody"),
    pytest.mark.skipif(installed_server() is None and "CI" not in os.environ, reason="no RabbitMQ is installed"),
]

REQUEST, RESPONSE, STATUS, PING = "ConsolidatedTransferRequest", "ConsolidatedTransferResponse", "InterchangeStatusNotification", "ConnectionNotification"
SAMPLES: Mapping[str, str] = {
    **{kind: f"{kind}-ins-full.xml" for kind in CATALOGUE},
    "CommunityRequirement": "CommunityRequirement-ins-full-0.xml",
    REQUEST: interchange.TRANSFER_REQUEST,
    RESPONSE: "ConsolidatedTransferResponse-OM-accept.xml",
    PING: "ConnectionNotification-nocode-norcr.xml",
    **{kind: f"{kind}-ins.xml" for kind in ("GetDocumentList", "OFFLOCRequest", "OFFLOCRequest2")},
}
BY_NAME = tuple(kind for kind in CATALOGUE if kind not in (STATUS, PING))
"""Status notifications are written by nDelius in answer to each message that it gets; pings are broadcast."""
CHOSEN: Mapping[str, str] = {"SPG": "2599999991", "ALL": "2599999992"}
"""Contacts of C05's case, addressed to whoever is responsible for it, and to all with an interest: once C05 has taken the case, itself."""
OUTWARD, INWARD = len(BY_NAME) * 21, 4 * 21
ANSWERED_BY_HAND = frozenset({"C03", "C16", "C17", "C21"})
"""CRCs whose simulated system answers no transfer by itself."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everybody]:
    with everybody(tmp_path_factory.mktemp("everybody")) as made:
        yield made


def case_of(party: str) -> str:
    return f"X7{party[1:]}001"


def values(kind: str, party: str, number: int) -> dict[str, str]:
    """A record of its own, in the one case that this party has."""
    name = RECORD_NAMES[kind].element
    key = {name: str(2_500_000_000 + 1000 * int(party[1:]) + number)} if name else {}
    taker = {"OMTransferToProvider": party, "OMTransferToResponsibleTeam": f"{party}KNT", "OMTransferToResponsibleOfficer": f"{party}A192"}
    return {"CaseReferenceNumber": case_of(party), "SPGVersion": NO_VERSION, **key, **(taker if kind == REQUEST else {})}


def to(stage: Everybody, party: str) -> None:
    """Everything that nDelius has for one CRC, in order."""
    for number, kind in enumerate(BY_NAME):
        letter, answer = stage.n00.head.send(SAMPLES[kind], party, values(kind, party, number))
        assert answer.accepted, (party, kind, answer.code, answer.title, letter.content)


def back(stage: Everybody, party: str) -> None:
    """What a CRC has for nDelius of its own accord, in order."""
    kinds = ["Contact", "GetDocumentList", "OFFLOCRequest2", *([RESPONSE] if party in ANSWERED_BY_HAND else [])]
    for number, kind in enumerate(kinds, start=500):
        stage.sides[party].send(party, SAMPLES[kind], values(kind, party, number))


def patiently(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def chosen(entry: Entry) -> bool:
    """True for what the gateway itself chose the recipients of."""
    return entry.text("type") == PING or entry.text("key") in CHOSEN.values()


def reckoned(stage: Everybody) -> Reckoning:
    """Of all that was sent by name, from every journal, with every receipt verified once more."""
    for side in stage.every_side():
        side.collect()
    found = stage.witnesses({case_of(party): party for party in stage.sides})
    return reckon([replace(one, entries=[entry for entry in one.entries if not chosen(entry)]) for one in found], stage.keys)


def settled(stage: Everybody) -> Reckoning:
    """The reckoning once nothing is under way any more, or the last one when the time is up."""
    last: list[Reckoning] = []

    def nothing_left() -> bool:
        last[:] = [reckoned(stage)]
        return not last[0].lost

    patiently(nothing_left)
    return last[0]


def applied(stage: Everybody, party: str) -> int:
    return len(stage.entries(party, Noted.APPLIED))


@pytest.fixture(scope="module")
def played(stage: Everybody) -> Everybody:
    """Everything sent both ways, and then what the gateway chooses the recipients of."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda party: to(stage, party), stage.sides))
        list(pool.map(lambda party: back(stage, party), stage.sides))
    assert patiently(lambda: applied(stage, "N00") >= INWARD), applied(stage, "N00")
    for code, key in CHOSEN.items():
        answer = stage.n00.head.send(SAMPLES["Contact"], code, values("Contact", "C05", 0) | {"ContactID": key})[1]
        assert answer.accepted, (code, answer.code, answer.title)
    assert stage.n00.head.send(SAMPLES[PING], "ALL", {})[1].accepted
    assert patiently(lambda: sum(applied(stage, party) for party in stage.sides) >= OUTWARD + 21 + len(CHOSEN)), stage.failures()
    return stage


def test_every_message_by_name_arrives_once_in_order_and_is_receipted(played: Everybody) -> None:
    result = settled(played)
    assert result.faults == []
    assert result.lost == []
    assert (result.accepted, result.delivered, result.applied, result.not_applied, result.refused) == (*[OUTWARD + INWARD] * 3, 0, 0)


def test_each_journal_holds_every_type_once_and_what_was_addressed_to_no_name(played: Everybody) -> None:
    for party in played.sides:
        received = Counter(entry.text("type") for entry in played.entries(party, Noted.RECEIVED))
        assert received == Counter([*BY_NAME, PING, *(["Contact"] * len(CHOSEN) if party == "C05" else [])]), party


def test_ndelius_is_told_of_the_end_of_each_interchange(played: Everybody) -> None:
    sent = {entry.text("reference") for entry in played.entries("N00", Noted.SENT)}
    assert len(sent) == OUTWARD + len(CHOSEN) + 1
    assert patiently(lambda: {entry.text("reference") for entry in played.entries("N00", Noted.NOTIFIED)} == sent)
    assert {entry.text("status") for entry in played.entries("N00", Noted.NOTIFIED)} == {"202"}


def test_nobody_stumbled_and_the_audit_is_whole(played: Everybody) -> None:
    assert played.failures() == []
    assert findings(played.database_url) == []
    assert bugs_in(played.directory) == []


def test_all_parties_dialects_and_modes_of_the_example_set_take_part() -> None:
    terms = [one["outbound"] for one in published()]
    assert sum(len(one["parties"]) for one in published()) == 22  # type: ignore[arg-type]
    assert {one["mode"] for one in terms} == {mode.value for mode in DeliveryMode}  # type: ignore[index]
    assert {one["dialect"] for one in terms} == set(DIALECTS)  # type: ignore[index]
