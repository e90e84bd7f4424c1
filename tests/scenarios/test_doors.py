"""Whole stories through the public doors: one gateway, a real broker, and a partner at each kind of door.

nDelius asks each CRC to take a case: one is pushed to, one has its own queue, one collects from its shelf. Their
answers go back, and everybody is told what became of what it sent. Once with nDelius under the strict policy, once
under the legacy one.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

import httpx
import pytest

from broker.node import PrivateNode
from gateway.rehearsal import interchange
from gateway.rehearsal.gateway_link import SOAP_PATH, Caller, GatewayLink
from gateway.rehearsal.journal import Entry, Journal, Noted
from gateway.rehearsal.ndelius import Letter
from tests.support.doors import AUDIENCE, PATIENCE_SECONDS, House, house
from tests.support.faults import bugs_in
from tests.support.integrity import findings
from tests.support.rabbitmq import private_vhosts

pytestmark = [pytest.mark.rabbitmq, pytest.mark.slow, pytest.mark.timeout(120), pytest.mark.xdist_group("doors")]
CRCS = ("C07", "C14", "C16")
CASES: Mapping[str, str] = {"C07": "X700001", "C14": "X700002", "C16": "X700003"}
REQUEST, RESPONSE = "ConsolidatedTransferRequest", "ConsolidatedTransferResponse"


@dataclass
class Story:
    """What happened, as the partners noted it."""

    place: House
    letters: Mapping[str, Letter]
    """nDelius's request to each."""

    def journal(self, party: str) -> Journal:
        return {"N00": self.place.n00, "C07": self.place.c07, "C14": self.place.c14, "C16": self.place.c16}[party].journal

    def message_id(self, party: str) -> str:
        """The gateway's id of the request to this party."""
        return next(entry.text("message_id") for entry in self.journal(party).entries(Noted.RECEIVED) if entry.text("type") == REQUEST)

    def link(self, party: str) -> GatewayLink:
        """A way to the gateway with this party's own keys; the caller closes it."""
        partner = {"C07": self.place.c07, "C16": self.place.c16}[party]
        organisation = partner.identity.organisation
        return GatewayLink(self.place.base_url, Caller(organisation, partner.keys.auth, AUDIENCE), self.place.authority.client_context(organisation))


@pytest.fixture(scope="module", params=["strict", "legacy-spg"])
def story(request: pytest.FixtureRequest, rabbitmq_node: PrivateNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    directory = tmp_path_factory.mktemp("doors")
    url = f"sqlite:///{directory / 'gateway.db'}"
    with private_vhosts(rabbitmq_node) as vhosts, house(directory, url, vhosts=vhosts, policy=request.param) as place:
        place.start()
        place.connect()
        place.c16.start()
        place.start_c14()
        letters = {}
        for party in CRCS:
            letters[party], answer = place.n00.send(interchange.TRANSFER_REQUEST_WITH_ORDER, party, request_values(party))
            assert answer.accepted, (answer, place.logs())
        told = Story(place, letters)
        for party in CRCS:
            _await_the_end(told, party)
        yield told
        assert place.failures() == []
        assert [entry for party in ("N00", *CRCS) for entry in told.journal(party).entries(Noted.DISTRUSTED)] == []
        for partner in (place.c16, place.c14, place.c07):
            partner.stop()
        place.close_gateway()
        assert findings(url) == []
        assert bugs_in(directory) == []


def request_values(party: str) -> dict[str, str]:
    """A made-up case, to be transferred to this party."""
    number = CASES[party][1:]
    parts: dict[str, str] = {}
    for kind in ("OM", "OS"):
        parts |= {
            f"{kind}TransferToProvider": party,
            f"{kind}TransferToResponsibleTeam": f"{party}KNT",
            f"{kind}TransferToResponsibleOfficer": f"{party}A192",
        }
    numbers = {"OffenderID": f"2500{number}", "TransferID": f"2501{number}", "EventID": f"2502{number}"}
    return parts | numbers | {"CaseReferenceNumber": CASES[party], "MessageType": "INS"}


def _await_the_end(told: Story, party: str) -> None:
    """nDelius applied the answer and was told that its request was applied; the CRC was told that its answer was."""

    def told_applied(entry: Entry) -> bool:
        return entry.noted is Noted.NOTIFIED and entry.text("reference") == told.letters[party].reference

    def answered(entry: Entry) -> bool:
        return entry.noted is Noted.APPLIED and entry.text("type") == RESPONSE and entry.text("case") == CASES[party]

    def receipted(entry: Entry) -> bool:
        return entry.noted is Noted.RECEIPT and entry.text("stage") == "applied"

    for journal, found in ((told.journal("N00"), told_applied), (told.journal("N00"), answered), (told.journal(party), receipted)):
        assert journal.wait_for(found, PATIENCE_SECONDS) is not None, (party, found.__name__, told.place.failures(), told.place.logs())


@pytest.mark.parametrize("party", CRCS)
def test_a_request_arrives_once_and_is_answered_once(story: Story, party: str) -> None:
    noted = [(entry.noted, entry.text("type")) for entry in story.journal(party).entries() if entry.noted in (Noted.RECEIVED, Noted.APPLIED)]
    assert noted == [(Noted.RECEIVED, REQUEST), (Noted.APPLIED, REQUEST)]
    answers = [entry for entry in story.journal("N00").entries(Noted.APPLIED) if entry.text("sender") == party]
    assert [(answer.text("case"), answer.text("key"), answer.text("outcome")) for answer in answers] == [
        (CASES[party], request_values(party)["TransferID"], "TA")
    ]
    statuses = [entry.text("status") for entry in story.journal("N00").entries(Noted.NOTIFIED) if entry.text("reference") == story.letters[party].reference]
    assert statuses == ["202"]


@pytest.mark.parametrize("party", CRCS)
def test_receipts_for_an_answer_come_in_order(story: Story, party: str) -> None:
    stages = [entry.text("stage") for entry in story.journal(party).entries() if entry.noted in (Noted.ACCEPTED, Noted.RECEIPT)]
    # nDelius's own status notification may overtake its answer on the exchange, and says more
    assert stages in (["accepted", "delivered", "applied"], ["accepted", "applied"])


@pytest.mark.parametrize("party", CRCS)
def test_the_sender_sees_all_of_its_message(story: Story, party: str) -> None:
    seen = story.place.n00.link.get(f"/v1/messages/{story.message_id(party)}").raise_for_status().json()
    assert (seen["sender"], seen["type"], seen["state"]) == ("N00", REQUEST, "applied")
    assert seen["control_reference"] == story.letters[party].reference
    assert [(one["recipient"], one["state"]) for one in seen["deliveries"]] == [(party, "applied")]
    # a push is delivered by what the peer answers, and a receipt there says applied at once
    assert [one["stage"] for one in seen["receipts"]][-1] == "applied"
    submission = story.place.n00.link.get(f"/v1/messages/{seen['submission_id']}").raise_for_status().json()
    assert (submission["verdict"], [one["message_id"] for one in submission["messages"]]) == ("accepted", [seen["message_id"]])


@pytest.mark.parametrize("party", ["C07", "C16"])
def test_the_recipient_sees_its_own_delivery(story: Story, party: str) -> None:
    with closing(story.link(party)) as link:
        seen = link.get(f"/v1/messages/{story.message_id(party)}").raise_for_status().json()
    assert [one["recipient"] for one in seen["deliveries"]] == [party]
    assert not {"submission_id", "sender_message_id", "control_reference", "reference"} & seen.keys()
    digests = [entry.text("digest") for entry in story.journal(party).entries(Noted.RECEIVED)]
    assert [one["sent_digest"] for one in seen["deliveries"]] == digests


def test_a_stranger_sees_nothing(story: Story) -> None:
    with closing(story.link("C07")) as link:
        answers = [link.get(f"/v1/messages/{story.message_id(party)}") for party in ("C14", "C16")]
        listed = json.dumps(link.get("/v1/receipts").raise_for_status().json())
    assert [answer.status_code for answer in answers] == [404, 404]
    assert not any(story.message_id(party) in listed for party in CRCS)


def test_receipts_verify_under_the_published_keys(story: Story) -> None:
    """Read with a second implementation: signature, audience, and each receipt's link to the one before it."""
    story.place.n00.collect_receipts()
    stages = {(entry.text("subject"), entry.text("stage")) for entry in story.journal("N00").entries(Noted.RECEIPT)}
    assert {(story.message_id(party), "applied") for party in CRCS} <= stages


def test_published_keys_hold_no_secret(story: Story) -> None:
    published = httpx.get(story.place.base_url + "/.well-known/jwks.json", trust_env=False).raise_for_status().json()
    assert {key["kty"] for key in published["keys"]} == {"OKP", "RSA"}
    assert not any({"d", "p", "q", "dp", "dq", "qi", "k"} & key.keys() for key in published["keys"])


def test_health_and_metrics(story: Story) -> None:
    base = story.place.base_url
    assert httpx.get(base + "/health/live", trust_env=False).json() == {"status": "live"}
    ready = httpx.get(base + "/health/ready", trust_env=False)
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "store": "up", "relay": "keeping-up"})
    lines = httpx.get(base + "/metrics", trust_env=False).text.splitlines()
    counted = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    # three requests and three answers
    assert float(counted['gateway_events_total{code="submission.accepted",fault=""}']) == 2 * len(CRCS)
    assert not any(case in line for line in lines for case in CASES.values())


def test_the_service_describes_itself(story: Story) -> None:
    answer = httpx.get(f"{story.place.base_url}{SOAP_PATH}?wsdl", trust_env=False)
    assert answer.status_code == httpx.codes.OK
    assert (story.place.base_url + SOAP_PATH).encode() in answer.content
