"""The conformance kit notices: a good partner passes the whole suite, and one with any single flaw does not."""

from pathlib import Path

import pytest

from gateway.rehearsal.authority import DevelopmentAuthority
from gateway.rehearsal.conformance.cases import Group, Level
from gateway.rehearsal.conformance.play import Report, Verdict
from gateway.rehearsal.conformance.suite import SUITE
from gateway.rehearsal.flaws import FLAWS, Flaw
from tests.support.conformance import run

pytestmark = pytest.mark.timeout(120)
WAYS = (("canonical", "push"), ("caseflow", "push"), ("caseflow", "shelf"), ("canonical", "queue"), ("ndelius", "push"))
PATIENT, IMPATIENT = 20.0, 0.4
"""How long a word that must come may take, and how long one that must not come is waited for."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentAuthority:
    return DevelopmentAuthority(tmp_path_factory.mktemp("authority"))


def failures(report: Report) -> list[tuple[str, str]]:
    return [(result.case.id, result.found) for result in report.results if result.verdict is Verdict.FAILED]


@pytest.mark.parametrize(("dialect", "mode"), WAYS)
def test_a_good_partner_passes(authority: DevelopmentAuthority, dialect: str, mode: str) -> None:
    report = run(authority, dialect, mode, patience_seconds=PATIENT, fast=False)
    assert failures(report) == []
    assert report.passed
    assert report.count(Verdict.PASSED) >= 60


@pytest.mark.parametrize("flaw", Flaw)
def test_no_single_flaw_passes(authority: DevelopmentAuthority, flaw: Flaw) -> None:
    report = run(authority, "canonical", "push", flaw.value, groups=frozenset({Group(FLAWS[flaw].group)}), patience_seconds=IMPATIENT, fast=True)
    assert not report.passed, f"{flaw} was not noticed by the group {FLAWS[flaw].group}"
    (blocking,) = [result for result in report.results if result.blocks]
    assert blocking.found
    assert blocking.todo


@pytest.mark.parametrize("mode", ["shelf", "queue"])
@pytest.mark.parametrize("flaw", [flaw for flaw in Flaw if not FLAWS[flaw].pushed_only])
def test_nor_does_it_where_the_partner_collects(authority: DevelopmentAuthority, flaw: Flaw, mode: str) -> None:
    report = run(authority, "caseflow", mode, flaw.value, groups=frozenset({Group(FLAWS[flaw].group)}), patience_seconds=IMPATIENT, fast=True)
    assert not report.passed, f"{flaw} was not noticed by the group {FLAWS[flaw].group}"


@pytest.mark.parametrize("flaw", [flaw for flaw in Flaw if not FLAWS[flaw].json_only])
def test_nor_where_it_speaks_spg(authority: DevelopmentAuthority, flaw: Flaw) -> None:
    report = run(authority, "ndelius", "push", flaw.value, groups=frozenset({Group(FLAWS[flaw].group)}), patience_seconds=IMPATIENT, fast=True)
    assert not report.passed, f"{flaw} was not noticed by the group {FLAWS[flaw].group}"


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
