"""`gateway conformance`: a simulated run, its faces, and what is remembered of it."""

from xml.etree import ElementTree

import pytest

from gateway.rehearsal.conformance.suite import SUITE
from gateway.rehearsal.flaws import Flaw
from tests.support.operators import Installation

pytestmark = pytest.mark.timeout(120)
AGREED = {"dialect": "canonical", "version": "0-9-14", "packaging": "jws"}
PROFILE = {
    "organisation": {"id": "crc-thames", "name": "Thames Valley CRC (fictional)"},
    "parties": [{"code": "C05", "name": "Thames Valley", "inbound": AGREED, "outbound": {**AGREED, "mode": "push", "endpoint": "https://thames.example/in"}}],
}


@pytest.fixture
def thames(desk: Installation) -> Installation:
    assert desk.run("partner", "apply", desk.write("thames.json", PROFILE), "--yes").code == 0
    assert desk.run("partner", "standing", "crc-thames", "proving").code == 0
    return desk


def audited(desk: Installation) -> list[str]:
    store = desk.store()
    try:
        return [record.event.code.value for record in store.queries.audit(0, 1000)]
    finally:
        store.close()


def test_a_whole_run_is_remembered_and_opens_the_way(thames: Installation) -> None:
    page, results = thames.folder / "r.html", thames.folder / "r.xml"
    report = thames.ask("conformance", "run", "--partner", "C05", "--simulated", "--html", str(page), "--junit", str(results))
    assert (report["passed"], report["remembered"]) == (True, True)
    assert audited(thames)[-1] == "conformance.passed"
    said = thames.run("partner", "standing", "crc-thames", "live", "--json")
    assert said.error["code"] == "not-ready", "only the key is missing now"
    assert "No valid signing key" in str(said.error)
    assert len(ElementTree.parse(results).getroot().findall("./testsuite/testcase")) == len(SUITE)
    text = page.read_text(encoding="utf-8")
    assert "passed</span>" in text
    assert "http" not in text.partition("<body>")[0], "the page asks nobody else for anything"


def test_a_fault_is_told_so_that_a_person_can_act(thames: Installation) -> None:
    page, results = thames.folder / "r.html", thames.folder / "r.xml"
    options = ("--simulated", "--fault", "accepts-wrong-audience", "--group", "audience", "--html", str(page), "--junit", str(results))
    said = thames.run("conformance", "run", "--partner", "C05", *options, "--json")
    assert said.code == 10
    assert (said.json["passed"], said.json["remembered"]) == (False, False)
    (suite,) = ElementTree.parse(results).getroot().findall("testsuite")
    assert int(suite.attrib["failures"]) == 3
    text = page.read_text(encoding="utf-8")
    assert "What to do" in text
    assert "AUD-01" in text
    assert "the partner" in text
    assert "conformance" not in " ".join(audited(thames))


@pytest.mark.parametrize(
    ("options", "code", "name"),
    [
        (("--partner", "C99", "--simulated"), 3, "party-unknown"),
        (("--partner", "C05", "--group", "nothing"), 2, "group-unknown"),
        (("--partner", "C05", "--fault", "slow"), 2, "conformance-not-possible"),
        (("--partner", "C05", "--simulated", "--fault", "sloow"), 2, "fault-unknown"),
    ],
)
def test_what_cannot_be_run_is_said(thames: Installation, options: tuple[str, ...], code: int, name: str) -> None:
    said = thames.run("conformance", "run", *options, "--json")
    assert (said.code, said.error["code"]) == (code, name)


def test_cases_and_faults_are_listed(desk: Installation) -> None:
    cases, faults = desk.ask("conformance", "cases")["cases"], desk.ask("conformance", "faults")["faults"]
    assert isinstance(cases, list)
    assert isinstance(faults, list)
    assert [case["id"] for case in cases] == [case.id for case in SUITE]
    assert [fault["name"] for fault in faults] == [flaw.value for flaw in Flaw]


@pytest.mark.parametrize(
    ("inbound", "outbound"),
    [
        ({"dialect": "flatfile", "packaging": "detached", "mode": "drop"}, {"dialect": "flatfile", "packaging": "detached", "mode": "drop"}),
        (
            {"dialect": "domain-events", "packaging": "jws"},
            {"dialect": "domain-events", "packaging": "jws", "mode": "push", "endpoint": "https://thames.example/in", "detail_dialect": "canonical"},
        ),
    ],
    ids=["files", "events"],
)
def test_partners_on_files_and_consumers_of_events_have_groups_of_their_own(desk: Installation, inbound: dict[str, str], outbound: dict[str, str]) -> None:
    version = {"version": "0-9-14"}
    party = {"code": "C05", "name": "Thames Valley", "inbound": inbound | version, "outbound": outbound | version}
    profile = {"organisation": {"id": "crc-thames", "name": "Thames Valley CRC (fictional)"}, "parties": [party]}
    assert desk.run("partner", "apply", desk.write("thames.json", profile), "--yes").code == 0
    group = "files" if outbound.get("mode") == "drop" else "details"
    report = desk.ask("conformance", "run", "--partner", "C05", "--simulated", "--group", group)
    assert report["passed"] is True
