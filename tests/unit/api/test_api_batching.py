"""Group commit: one batch for many, own results, own errors, bounded."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from gateway.api.batching import GroupCommit
from gateway.contract import StoreUnavailable
from gateway.exchange.results import SubmitResult
from schemas.faults import FaultCode, Refusal
from schemas.identifiers import SubmissionId
from tests.support.api import accepted, in_threads


class Pipeline:
    """Answers each with its own name; holds the first batch until told."""

    def __init__(self) -> None:
        self.batches: list[list[Any]] = []
        self.gate = threading.Event()
        self.entered = threading.Event()

    def submit(self, batch: Sequence[Any]) -> Sequence[SubmitResult]:
        self.entered.set()
        assert self.gate.wait(5)
        self.batches.append(list(batch))
        if "store down" in batch:
            raise StoreUnavailable
        if "bug" in batch:
            raise ZeroDivisionError
        return [accepted(submission_id=SubmissionId(name)) for name in batch]


def run(pipeline: Pipeline, names: Sequence[str], **given: Any) -> list[Any]:
    commits = GroupCommit(pipeline.submit, **given)
    commits.start()
    first = threading.Thread(target=lambda: commits.submit("first", 5))  # type: ignore[arg-type]
    first.start()
    assert pipeline.entered.wait(5)
    releaser = threading.Timer(0.3, pipeline.gate.set)
    releaser.start()
    results = in_threads([lambda name=name: commits.submit(name, 5) for name in names])  # type: ignore[misc]
    first.join(5)
    releaser.join()
    commits.stop()
    return results


def test_each_waiter_gets_its_own_result_out_of_a_shared_batch() -> None:
    pipeline = Pipeline()
    names = [f"n{number}" for number in range(20)]
    results = run(pipeline, names)
    assert [result.submission_id for result in results] == names
    assert len(pipeline.batches) == 2
    assert sorted(pipeline.batches[1]) == sorted(names)


def test_a_batch_is_bounded() -> None:
    pipeline = Pipeline()
    run(pipeline, [f"n{number}" for number in range(10)], items=4)
    assert [len(batch) for batch in pipeline.batches][1:] == [4, 4, 2]


def test_a_lone_submission_does_not_linger() -> None:
    pipeline = Pipeline()
    pipeline.gate.set()
    commits = GroupCommit(pipeline.submit, linger_seconds=30)
    commits.start()
    assert commits.submit("alone", 2).submission_id == "alone"  # type: ignore[arg-type, union-attr]
    commits.stop()


def test_store_down_is_everybodys() -> None:
    results = run(Pipeline(), ["a", "store down", "b"])
    assert {type(result) for result in results} == {StoreUnavailable}


def test_a_bug_is_only_its_owners() -> None:
    results = run(Pipeline(), ["a", "bug", "b"])
    assert [getattr(result, "submission_id", type(result)) for result in results] == ["a", ZeroDivisionError, "b"]


def test_a_full_queue_turns_away() -> None:
    results = run(Pipeline(), [f"n{number}" for number in range(6)], waiting=4)
    refused = [result for result in results if isinstance(result, Refusal)]
    assert len(refused) == 2
    assert {result.fault.code for result in refused} == {FaultCode.RATE_LIMITED}


def test_after_stop_nobody_waits_for_ever() -> None:
    pipeline = Pipeline()
    commits = GroupCommit(pipeline.submit)
    commits.start()
    commits.stop()
    with pytest.raises(Refusal) as caught:
        commits.submit("late", 5)  # type: ignore[arg-type]
    assert caught.value.fault.code is FaultCode.UNAVAILABLE


def test_stop_works_off_what_waits() -> None:
    pipeline = Pipeline()
    commits = GroupCommit(pipeline.submit)
    commits.start()
    results: list[Any] = []
    threads = [threading.Thread(target=lambda: results.append(commits.submit("x", 5))) for _ in range(3)]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    assert pipeline.entered.wait(5)
    threading.Timer(0.2, pipeline.gate.set).start()
    while commits._queue.qsize() < 2 and any(thread.is_alive() for thread in threads):
        threading.Event().wait(0.01)
    commits.stop()
    for thread in threads:
        thread.join(5)
    assert len(results) == 3
