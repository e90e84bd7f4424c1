"""The JSON door: what it takes, and how each result of the pipeline reads."""

import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from gateway.api.bodies import BodyBudget
from gateway.contract import StoreUnavailable
from gateway.exchange.results import Declined, Settled
from gateway.trust.contract import SignerUnavailable
from schemas.faults import FAULTS, Fault, FaultCode, Refusal
from schemas.identifiers import MessageId
from schemas.telling import members
from tests.support.api import JWS, NDELIUS, NORTH, RECEIPT, Caller, House, accepted, bearer, in_threads, settings_for


@pytest.fixture
def house() -> House:
    return House(settings_for(max_body_bytes=1024))


@pytest.fixture
def caller(house: House) -> Iterator[Caller]:
    with house.open() as caller:
        yield caller


def test_accepted_is_202_with_the_receipt_itself(caller: Caller) -> None:
    answer = caller.post_jws(NDELIUS)
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (202, RECEIPT, "application/jose")
    assert answer.headers["location"] == "/v1/messages/m1"
    assert (answer.headers["gateway-duplicate"], answer.headers["gateway-submission"]) == ("false", "s1")
    assert answer.headers["cache-control"] == "no-store"


def test_the_pipeline_gets_the_bytes_as_they_came(caller: Caller, house: House) -> None:
    caller.post_jws(NDELIUS, body=b"\x00\xff" + JWS, content_type="application/jose; charset=utf-8")
    assert house.intake.submitted[0].wire.body == b"\x00\xff" + JWS
    assert house.intake.submitted[0].wire.content_type == "application/jose"


def test_a_duplicate_is_told_and_several_messages_are_found_by_submission(caller: Caller, house: House) -> None:
    house.intake.answer = lambda _: accepted(duplicate=True, message_ids=(MessageId("m1"), MessageId("m2")))
    answer = caller.post_jws(NDELIUS)
    assert (answer.headers["gateway-duplicate"], answer.headers["location"]) == ("true", "/v1/messages/s1")


def test_settled_is_200(caller: Caller, house: House) -> None:
    house.intake.answer = lambda _: Settled(message_ids=(MessageId("m1"),), repeated=True)
    answer = caller.post_jws(NORTH)
    assert (answer.status_code, answer.json()) == (200, {"settled": ["m1"], "repeated": True})


@pytest.mark.parametrize("code", list(FaultCode))
def test_every_fault_has_its_problem(caller: Caller, house: House, code: FaultCode) -> None:
    fault = Fault(code, "What was found.", "/header/sender", 2)
    house.intake.answer = lambda _: Declined(fault=fault, also=(Fault(FaultCode.CODE_UNKNOWN, pointer="/x"),), receipt=RECEIPT)
    answer = caller.post_jws(NDELIUS)
    problem = answer.json()
    row = FAULTS[code]
    assert (answer.status_code, answer.headers["content-type"]) == (row.http, "application/problem+json")
    assert problem["type"] == f"urn:interagency-gateway:fault:{code}"
    assert (problem["title"], problem["status"], problem["advice"], problem["retry"]) == (row.title, row.http, row.advice, row.retry)
    assert (problem["detail"], problem["pointer"], problem["reference"]) == ("What was found.", "/header/sender", 2)
    assert problem["also"] == [members(Fault(FaultCode.CODE_UNKNOWN, pointer="/x"))]
    assert problem["blame"] == row.blame.value
    assert problem["receipt"] == RECEIPT
    assert problem["instance"].startswith("urn:uuid:")
    assert ("retry-after" in answer.headers) == (row.http in {429, 503})


def test_a_refusal_without_receipt_has_none(caller: Caller, house: House) -> None:
    house.intake.answer = lambda _: Declined(fault=Fault(FaultCode.SIGNATURE_NOT_ACCEPTED))
    answer = caller.post_jws(NDELIUS)
    assert (answer.status_code, "receipt" in answer.json(), "detail" in answer.json()) == (401, False, False)


@pytest.mark.parametrize("content_type", ["", "application/json", "text/plain", "application/josepp", "application/jose+json", "multipart/form-data"])
def test_other_media_types_are_not_spoken(caller: Caller, house: House, content_type: str) -> None:
    assert caller.post_jws(NDELIUS, content_type=content_type).json()["code"] == "unsupported-media-type"
    assert house.intake.submitted == []


def test_a_compressed_body_is_not_read(caller: Caller) -> None:
    answer = caller.send(NDELIUS, "POST", "/v1/messages", content=JWS, headers={"Content-Type": "application/jose", "Content-Encoding": "gzip"})
    assert answer.status_code == 415


def test_size_is_bounded_when_declared(caller: Caller) -> None:
    answer = caller.post_jws(NDELIUS, body=b"x" * 1025)
    assert (answer.status_code, answer.json()["code"], answer.headers["connection"]) == (413, "too-large", "close")
    assert caller.post_jws(NDELIUS, body=b"x" * 1024).status_code == 202


def test_size_is_bounded_when_streamed_without_a_length(caller: Caller, house: House) -> None:
    sent = []

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(1000):
            sent.append(100)
            yield b"x" * 100

    answer = caller.send(NDELIUS, "POST", "/v1/messages", content=pieces(), headers={"Content-Type": "application/jose"})
    assert answer.status_code == 413
    assert sum(sent) < 2000
    assert house.intake.submitted == []


@pytest.mark.parametrize("length", ["-1", "+5", "1e3", "٣", "9" * 40, "x"])
def test_a_strange_length_is_a_coded_refusal(caller: Caller, length: str) -> None:
    headers = [(b"content-length", length.encode()), (b"content-type", b"application/jose")]
    token = bearer(NDELIUS, "POST", "/v1/messages")["Authorization"].encode()
    answer = caller.http.post("/v1/messages", content=JWS, headers=[(b"authorization", token), *headers])
    assert answer.status_code in {400, 413}


def test_bodies_share_a_budget_that_comes_back() -> None:
    budget = BodyBudget(10)
    budget.take(6)
    with pytest.raises(Refusal) as caught:
        budget.take(5)
    assert caught.value.fault.code is FaultCode.RATE_LIMITED
    budget.give_back(6)
    budget.take(10)


def test_the_budget_is_whole_again_after_every_outcome(house: House) -> None:
    app = house.app()
    assert app.state.doorway.budget.free == house.settings.max_bodies_bytes
    with house.open() as caller:
        doorway = caller.app.state.doorway
        for body in (b"x" * 10, b"x" * 2000, b""):
            caller.post_jws(NDELIUS, body=body)
        house.intake.error = RuntimeError("bug")
        caller.post_jws(NDELIUS)
        assert doorway.budget.free == house.settings.max_bodies_bytes


@pytest.mark.parametrize("error", [StoreUnavailable("down"), SignerUnavailable("down")])
def test_unavailable_is_503_and_nothing_more(caller: Caller, house: House, error: Exception) -> None:
    house.intake.error = error
    answer = caller.post_jws(NDELIUS)
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "unavailable", "5")
    assert "down" not in answer.text


def test_a_bug_is_500_without_a_trace_of_itself(caller: Caller, house: House) -> None:
    house.intake.error = KeyError("X123456 Smith")
    answer = caller.post_jws(NDELIUS)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "Smith" not in answer.text
    assert "Traceback" not in answer.text
    assert house.telemetry.registry.get_sample_value("gateway_bugs_total", {"place": "api", "type": "KeyError"}) == 1


def test_concurrent_requests_share_commits(house: House) -> None:
    gate, first = threading.Event(), threading.Event()
    plain = house.intake.submit

    def slow(batch: Any) -> Any:
        first.set()
        gate.wait(5)
        return plain(batch)

    house.intake.submit = slow  # type: ignore[method-assign]
    with house.open() as caller:
        opener = threading.Timer(0.4, gate.set)
        opener.start()
        answers = in_threads([lambda: caller.post_jws(NDELIUS)] * 8)
        opener.join()
    assert [answer.status_code for answer in answers] == [202] * 8
    assert sum(house.intake.batches) == 8
    assert len(house.intake.batches) < 8


def test_unknown_paths_and_methods_are_problems(caller: Caller) -> None:
    missing = caller.http.get("/nowhere")
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")
    method = caller.http.delete("/v1/messages")
    assert (method.status_code, method.json()["code"], method.headers["allow"]) == (405, "method-not-allowed", "POST")
    assert caller.http.get("/v1/messages/").status_code == 404


def test_a_host_header_from_anywhere_changes_nothing(caller: Caller) -> None:
    for host in ("[", "evil.example", "a" * 300):
        answer = caller.send(NDELIUS, "POST", "/v1/messages", content=JWS, headers={"Content-Type": "application/jose", "Host": host})
        assert answer.status_code == 202


def test_the_description_documents_the_errors(caller: Caller) -> None:
    api = caller.http.get("/openapi.json").json()
    answers = api["paths"]["/v1/messages"]["post"]["responses"]
    assert {"202", "400", "401", "403", "409", "413", "415", "422", "429", "503"} <= set(answers)
    assert "application/problem+json" in answers["401"]["content"]
    assert set(api["paths"]) >= {"/v1/messages/{id}", "/v1/mailbox", "/v1/mailbox/{delivery_id}/receipt", "/v1/receipts", "/spg", "/cxf/InboundSPGProxy/1.2"}
    page = caller.http.get("/docs")
    assert "<script" not in page.text
    assert "POST /v1/messages" in page.text


def test_a_waiter_that_gives_up_leaves_no_submission_behind(house: House) -> None:
    house.settings = house.settings.model_copy(update={"batch_timeout_seconds": 0.2})
    gate, entered = threading.Event(), threading.Event()
    plain = house.intake.submit

    def stuck(batch: Any) -> Any:
        entered.set()
        gate.wait(5)
        return plain(batch)

    house.intake.submit = stuck  # type: ignore[method-assign]
    with house.open() as caller:
        first = threading.Thread(target=caller.post_jws, args=(NDELIUS,))
        first.start()
        assert entered.wait(5)
        answers = in_threads([lambda: caller.post_jws(NDELIUS)] * 2)
        first.join(5)
        assert not gate.is_set()
        gate.set()
    assert {answer.json()["code"] for answer in answers} == {"unavailable"}
    assert len(house.intake.submitted) == 1  # the one that had begun; the others never will
