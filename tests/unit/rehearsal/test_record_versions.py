"""The optimistic lock of a simulated case system."""

from itertools import count

import pytest

from gateway.rehearsal.record_versions import Change, RecordVersions, Stale, named


def change(action: str = "UPD", version: str = "", *, key: str = "77", case: str = "X000001") -> Change:
    return Change(case, "Contact", key, action, version)


@pytest.fixture
def records() -> RecordVersions:
    numbers = count(1)
    return RecordVersions(draw=lambda: f"{next(numbers):032X}")


V1, V2, V3 = (f"{number:032X}" for number in (1, 2, 3))


def test_what_is_applied_gets_a_new_version(records: RecordVersions) -> None:
    assert [records.apply(change(action, version)) for action, version in (("INS", ""), ("UPD", V1), ("UPD", ""))] == [V1, V2, V3]


@pytest.mark.parametrize("action", ["UPD", "DEL"])
def test_another_version_is_stale_and_changes_nothing(records: RecordVersions, action: str) -> None:
    records.apply(change("INS"))
    assert records.apply(change(action, V3)) == Stale(V1)
    assert records.apply(change("UPD", V1)) == V2


def test_a_record_that_is_not_held_conflicts_with_nothing(records: RecordVersions) -> None:
    assert records.apply(change("UPD", V3)) == V1


def test_a_deleted_record_keeps_its_last_version(records: RecordVersions) -> None:
    records.apply(change("INS"))
    assert records.apply(change("DEL", V1)) == V1


def test_records_are_apart(records: RecordVersions) -> None:
    records.apply(change("INS"))
    assert records.apply(change("INS", key="78")) == V2
    assert records.apply(change("INS", case="X000002")) == V3
    assert records.apply(change("UPD", V1)) != Stale(V1)


def test_what_is_about_no_record_has_no_version(records: RecordVersions) -> None:
    assert records.apply(change(key="")) == ""


@pytest.mark.parametrize(("text", "version"), [(None, ""), ("", ""), ("0" * 32, ""), (" ab" + "0" * 30, "AB" + "0" * 30), (7, "")])
def test_zeros_and_nothing_name_no_version(text: object, version: str) -> None:
    assert named(text) == version
