"""Versions of the message schema: a chain without gaps, and honesty about what is not known between two."""

import datetime
from itertools import pairwise, product

import pytest

from schemas.versions import STEPS, VERSIONS, unknown_between


def test_versions_go_up_with_their_dates_and_numbers() -> None:
    assert list(VERSIONS.values()) == sorted(VERSIONS.values())
    numbers = [int(version.removeprefix("0-9-")) for version in VERSIONS]
    assert numbers == list(range(9, 15))
    assert VERSIONS["0-9-14"] == datetime.date(2019, 10, 21)


def test_there_is_one_step_between_each_two_neighbours() -> None:
    assert [(step.older, step.newer) for step in STEPS] == list(pairwise(VERSIONS))
    assert all(step.source.endswith(".") for step in STEPS)


def test_only_the_last_step_is_known() -> None:
    assert [step.newer for step in STEPS if step.known] == ["0-9-14"]


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_is_unknown_between_a_version_and_itself(version: str) -> None:
    assert not unknown_between(version, version)


@pytest.mark.parametrize(("source", "target"), sorted(product(VERSIONS, VERSIONS)))
def test_what_is_unknown_is_said_whichever_way_a_message_goes(source: str, target: str) -> None:
    told = unknown_between(source, target)
    assert told == unknown_between(target, source)
    assert bool(told) == (source != target and {source, target} != {"0-9-13", "0-9-14"})
    assert not told or (source in told and target in told)


def test_an_unknown_version_is_no_version_of_ours() -> None:
    with pytest.raises(ValueError, match="0-9-15"):
        unknown_between("0-9-14", "0-9-15")
