"""The conformance kit notices: a good partner passes the whole suite, and one with any single flaw does not."""

from pathlib import Path

import pytest

from gateway.rehearsal.authority import DevelopmentAuthority
from gateway.rehearsal.conformance.cases import Group, Level
from gateway.rehearsal.conformance.play import Report, Verdict
from gateway.rehearsal.conformance.suite import SUITE
from gateway.rehearsal.flaws import FLAWS, Flaw, Way
from tests.support.conformance import run

pytestmark = pytest.mark.timeout(120)
WAYS = (
    ("canonical", "push", Way.PUSH),
    ("caseflow", "push", Way.PUSH),
    ("caseflow", "shelf", Way.SHELF),
    ("canonical", "queue", Way.QUEUE),
    ("ndelius", "push", Way.SPG),
    ("flatfile", "drop", Way.DROP),
    ("canonical", "drop", Way.DROP),
    ("domain-events", "push", Way.EVENTS),
    ("domain-events", "queue", Way.EVENTS),
    ("domain-events", "shelf", Way.EVENTS),
    ("caseflow-described", "push", Way.PUSH),
    ("flatfile-described", "drop", Way.DROP),
)
PROVED = (
    ("canonical", "push", Way.PUSH),
    ("caseflow", "shelf", Way.SHELF),
    ("caseflow", "queue", Way.QUEUE),
    ("ndelius", "push", Way.SPG),
    ("flatfile", "drop", Way.DROP),
    ("domain-events", "push", Way.EVENTS),
)
"""For each way a dialect with which every flaw that makes sense on it is seeded alone."""
SEEDED = [(flaw, dialect, mode) for dialect, mode, way in PROVED for flaw in Flaw if way in FLAWS[flaw].ways]
PATIENT, IMPATIENT = 20.0, 0.4
"""How long a word that must come may take, and how long one that must not come is waited for."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentAuthority:
    return DevelopmentAuthority(tmp_path_factory.mktemp("authority"))


def failures(report: Report) -> list[tuple[str, str]]:
    return [(result.case.id, result.found) for result in report.results if result.verdict is Verdict.FAILED]


@pytest.mark.parametrize(("dialect", "mode"), [(dialect, mode) for dialect, mode, _ in WAYS])
def test_a_good_partner_passes(authority: DevelopmentAuthority, dialect: str, mode: str) -> None:
    report = run(authority, dialect, mode, patience_seconds=PATIENT, fast=False)
    assert failures(report) == []
    assert report.passed
    assert report.count(Verdict.PASSED) >= 60


@pytest.mark.parametrize(("flaw", "dialect", "mode"), SEEDED)
def test_no_single_flaw_passes(authority: DevelopmentAuthority, flaw: Flaw, dialect: str, mode: str) -> None:
    report = run(authority, dialect, mode, flaw.value, groups=frozenset({Group(FLAWS[flaw].group)}), patience_seconds=IMPATIENT, fast=True)
    assert not report.passed, f"{flaw} was not noticed by the group {FLAWS[flaw].group}"
    (blocking,) = [result for result in report.results if result.blocks]
    assert blocking.found
    assert blocking.todo


@pytest.mark.parametrize(("dialect", "mode", "flaw"), [("caseflow-described", "push", "lying-receipt"), ("caseflow-described", "push", "sends-unknown-type")])
def test_nor_in_a_described_language(authority: DevelopmentAuthority, dialect: str, mode: str, flaw: str) -> None:
    report = run(authority, dialect, mode, flaw, groups=frozenset({Group(FLAWS[Flaw(flaw)].group)}), patience_seconds=IMPATIENT, fast=True)
    assert not report.passed


@pytest.mark.parametrize(
    ("dialect", "mode", "way", "group"), [("flatfile", "drop", Way.DROP, Group.FILES), ("domain-events", "push", Way.EVENTS, Group.DETAILS)]
)
def test_the_cases_of_a_way_alone_pass_a_good_partner(authority: DevelopmentAuthority, dialect: str, mode: str, way: Way, group: Group) -> None:
    """Under the patience with which flaws are tried: what fails there fails for its flaw."""
    assert sum(FLAWS[flaw].ways == {way} for flaw in Flaw) >= 10
    report = run(authority, dialect, mode, groups=frozenset({group}), patience_seconds=IMPATIENT, fast=False)
    assert failures(report) == []
    assert report.count(Verdict.PASSED) == 10


def test_a_group_says_nothing_about_a_flaw_of_another(authority: DevelopmentAuthority) -> None:
    """What must not pass fails for its own reason, and not because everything fails."""
    report = run(authority, "canonical", "push", Flaw.REUSES_MESSAGE_IDS, groups=frozenset({Group.SIGNATURE}), patience_seconds=PATIENT, fast=True)
    assert failures(report) == []


def test_the_suite_is_large_and_its_ids_are_its_own() -> None:
    ids = [case.id for case in SUITE]
    assert len(ids) == len(set(ids)) >= 60
    assert sum(case.level is Level.MUST for case in SUITE) >= 60
    assert {case.group for case in SUITE} == set(Group)
    assert all(case.title and case.proves for case in SUITE)


def test_every_flaw_has_its_row_and_its_group() -> None:
    assert set(FLAWS) == set(Flaw)
    assert len(Flaw) >= 20
    assert {row.group for row in FLAWS.values()} <= {group.value for group in Group}


def test_a_report_without_a_passed_case_is_no_pass(authority: DevelopmentAuthority, tmp_path: Path) -> None:
    del tmp_path
    report = run(authority, "canonical", "push", groups=frozenset(), patience_seconds=PATIENT, fast=False)
    assert not report.passed
