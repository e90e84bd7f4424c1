"""The table of status codes: total, and its known rows are the ones that were seen or are documented."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from schemas.faults import FAULTS, FaultCode
from schemas.receipts import Stage
from schemas.status_codes import KNOWN, LEAST, MOST, RANGES, of_status

DOCUMENT = Path(__file__).parents[3] / "docs" / "protocol" / "soap.md"


@pytest.mark.parametrize("status", range(LEAST, MOST + 1))
def test_every_number_means_something(status: int) -> None:
    meaning = of_status(status)
    assert meaning.sentence.endswith(".")
    assert (meaning.fault is None) is (status in (200, 202))
    assert meaning.stage is {200: Stage.DELIVERED, 202: Stage.APPLIED}.get(status, Stage.NOT_APPLIED)


@pytest.mark.parametrize("status", [-1, 0, 99, 1000])
def test_there_are_no_others(status: int) -> None:
    with pytest.raises(ValueError, match="no status code"):
        of_status(status)


def test_ranges_leave_no_gap_and_do_not_overlap() -> None:
    assert RANGES[0][0] == LEAST
    assert RANGES[-1][1] == MOST
    assert all(before[1] + 1 == after[0] for before, after in pairwise(RANGES))
    assert all(LEAST <= status <= MOST for status in KNOWN)


def test_every_status_that_we_send_is_understood_when_it_comes_back() -> None:
    assert all(of_status(row.spg).fault is not None for row in FAULTS.values())
    assert of_status(FAULTS[FaultCode.VERSION_CONFLICT].spg).fault is FaultCode.VERSION_CONFLICT


def test_the_document_has_the_same_table() -> None:
    rows = re.findall(r"^\| (\d{3})(?: to (\d{3}))? \| `?([a-z-]+)`?[^|]*\| ([^|]+) \|$", DOCUMENT.read_text(), re.MULTILINE)
    told = {(int(first), int(last or first)): (name, sentence.strip()) for first, last, name, sentence in rows}
    wanted = {(status, status): meaning for status, meaning in KNOWN.items()} | {(first, last): meaning for first, last, meaning in RANGES}
    assert told == {place: (meaning.fault.value if meaning.fault else meaning.stage.value, meaning.sentence) for place, meaning in wanted.items()}
