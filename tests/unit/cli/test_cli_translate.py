"""`gateway translate`: one dialect in, another out, and what was lost on the way."""

import base64
import json
from pathlib import Path

import pytest

from gateway.commands.checking import NOT_CHECKED
from gateway.commands.dialects import choice
from gateway.commands.languages import language
from gateway.commands.payloads import documents_in
from gateway.trust.soap import wrap
from tests.support.dialects import infoset
from tests.support.operators import Installation, Said, empty_installation

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "docs" / "examples"
UNLISTED = EXAMPLES / "two-messages-one-code-unlisted.xml"
"""Its second message has a project type that Caseflow's list does not have."""
PLAIN = sorted(path for path in (ROOT / "tests/vectors/spg/plain").glob("*.xml") if not path.name.startswith("SPGInterchangeResponse"))
SINGLE = [path for path in PLAIN if not path.name.startswith("multi")]
APPLICATION = "The JSON form does not name the sending application."
DELETION = {
    "header": {
        "message_id": "1500000000001/1",
        "sender": "C05",
        "recipients": ["N00"],
        "type": "Contact",
        "action": "DEL",
        "version": "0-9-14",
        "control_reference": "1500000000001",
        "case_reference": "X123456",
        "prepared_at": "2020-07-01T09:30:00Z",
    },
    "document": {"crn": "X123456", "version": {"version": "1EF3D2DE3AB3040325EFCF6648F1B9B8", "updated_by": "Finch,Odette"}, "record_id": "2567496110"},
}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """A folder with nothing in it: no store, no key."""
    return empty_installation(tmp_path, monkeypatch)


def translate(desk: Installation, source: str, target: str, *arguments: object, stdin: str | None = None) -> Said:
    """One run, whatever became of it."""
    return desk.run("translate", "--from", source, "--to", target, *map(str, arguments), stdin=stdin)


def told(said: Said) -> dict[str, object]:
    """The report of a run with --json: the first line of stderr."""
    found = json.loads(said.err.splitlines()[0])
    assert found["schema"] == "translation/1"
    return dict(found)


def one_file(said: Said) -> dict[str, object]:
    """The report of the only file."""
    listed = told(said)["files"]
    assert isinstance(listed, list)
    (found,) = listed
    return dict(found)


def codes(said: Said) -> list[str]:
    """Codes of all faults of the only file."""
    listed = one_file(said)["faults"]
    assert isinstance(listed, list)
    return [fault["code"] for fault in listed]


def message(kind: str, action: str, document: object, **changes: object) -> str:
    """A canonical document."""
    return json.dumps({"header": {**DELETION["header"], "case_reference": None, "type": kind, "action": action, **changes}, "document": document})


def header(said: Said) -> dict[str, object]:
    """Header of the only JSON document on stdout."""
    found = said.json["header"]
    assert isinstance(found, dict)
    return found


def test_every_sample_comes_back_as_it_was(desk: Installation) -> None:
    said = translate(desk, "ndelius", "ndelius", *PLAIN)
    assert (said.code, said.err) == (0, "")
    written = documents_in(said.out.encode(), language(choice("ndelius")))
    assert [infoset(content) for content in written] == [infoset(path.read_bytes()) for path in PLAIN]


def test_every_sample_survives_the_canonical_form(desk: Installation) -> None:
    first = translate(desk, "ndelius", "canonical", *SINGLE)
    assert first.code == 0
    back = translate(desk, "canonical", "ndelius", "-", stdin=first.out)
    assert (back.code, back.err) == (0, "")
    second = translate(desk, "ndelius", "canonical", "-", stdin=back.out)
    assert second.out == first.out
    assert len(first.out.splitlines()) == len(SINGLE)


def test_what_is_left_out_is_told_on_stderr(desk: Installation) -> None:
    path = EXAMPLES / "two-messages.xml"
    said = translate(desk, "ndelius", "canonical", path)
    assert [json.loads(line)["header"]["type"] for line in said.out.splitlines()] == ["Contact", "UPWContact"]
    assert said.err.splitlines() == [
        f"{path}: 2 of 2 translated",
        f"  message 1, Contact: left out /header/application: {APPLICATION}",
        f"  message 2, UPWContact: left out /header/application: {APPLICATION}",
    ]
    quiet = translate(desk, "ndelius", "canonical", path, "--json")
    assert (quiet.code, quiet.out) == (0, said.out)
    found = one_file(quiet)
    assert (found["documents"], found["messages"], found["translated"], found["written"], found["faults"]) == (1, 2, 2, 2, [])
    assert found["left_out"] == [
        {"document": 1, "message": number, "type": kind, "pointer": "/header/application", "reason": APPLICATION}
        for number, kind in ((1, "Contact"), (2, "UPWContact"))
    ]


def test_the_report_holds_nothing_about_a_person(desk: Installation) -> None:
    for arguments in ([], ["--json"]):
        said = translate(desk, "ndelius", "caseflow", UNLISTED, EXAMPLES / "three-messages-two-wrong.xml", *arguments)
        assert said.code == 8
        for personal in ("K262456", "Wray", "Thackery", "Harbour House", "18/09/2020", "Naïve"):
            assert personal not in said.err


def test_facts_of_the_header_can_be_put_in_place(desk: Installation) -> None:
    facts = {
        "--version": "0-9-14",
        "--sender": "C09",
        "--recipient": "C10",
        "--control-reference": "77.1",
        "--answers": "55",
        "--prepared-at": "2026-01-31T09:30:00Z",
    }
    said = translate(desk, "ndelius", "canonical", EXAMPLES / "connection-notification.xml", *(word for fact in facts.items() for word in fact))
    assert said.code == 0
    assert header(said) == {
        "message_id": "1571485711846/1",
        "sender": "C09",
        "recipients": ["C10"],
        "type": "ConnectionNotification",
        "action": "SYS",
        "version": "0-9-14",
        "control_reference": "77.1",
        "in_reply_to": "55",
        "prepared_at": "2026-01-31T09:30:00Z",
    }


@pytest.mark.parametrize(
    "option",
    [
        ("--version", "0-9-15"),
        ("--sender", "crc"),
        ("--recipient", ""),
        ("--control-reference", "a b"),
        ("--answers", "a b"),
        ("--prepared-at", "yesterday"),
        ("--from", "spg"),
        ("--to", "spg"),
    ],
)
def test_options_that_no_header_could_carry_are_refused(desk: Installation, option: tuple[str, str]) -> None:
    said = translate(desk, "ndelius", "canonical", EXAMPLES / "two-messages.xml", *option, "--json")
    assert (said.code, said.error["code"], said.out) == (2, "usage", "")


def test_an_unknown_difference_of_versions_is_told(desk: Installation) -> None:
    path = EXAMPLES / "two-messages.xml"
    assert translate(desk, "ndelius", "ndelius", path, "--version", "0-9-14").err == ""
    said = translate(desk, "ndelius", "ndelius", path, "--version", "0-9-9")
    assert said.code == 0
    assert 'SchemaVersion="0-9-9"' in said.out
    assert said.err.count("left out /header/version: What changed between 0-9-9 and 0-9-13 is not known") == 2


def test_what_the_target_cannot_say_is_refused_alone(desk: Installation) -> None:
    said = translate(desk, "ndelius", "caseflow", UNLISTED, "--json")
    assert (said.code, said.error["code"]) == (8, "partly-translated")
    assert header(said)["type"] == "Contact"
    found = one_file(said)
    assert (found["complete"], found["messages"], found["translated"]) == (False, 2, 1)
    faults = found["faults"]
    assert isinstance(faults, list)
    assert [(one["code"], one["message"], one["type"]) for one in faults] == [("not-translatable", 2, "UPWContact")]


def test_messages_that_cannot_be_read_are_left_behind(desk: Installation) -> None:
    said = translate(desk, "ndelius", "ndelius", EXAMPLES / "three-messages-two-wrong.xml", "--json")
    assert said.code == 8
    assert said.out.count("<SPGMessage>") == 1
    assert "<ControlCount>1</ControlCount>" in said.out
    assert len(codes(said)) == 7
    assert desk.run("check", "-", stdin=said.out).code == 0


def test_nothing_translated_is_another_exit(desk: Installation) -> None:
    bogus = ROOT / "tests/vectors/spg/bogus/control-count-mismatch.xml"
    said = translate(desk, "ndelius", "canonical", bogus, "--json")
    assert (said.code, said.out, said.error["code"]) == (10, "", "not-translated")
    assert codes(said) == ["control-count-wrong"]
    assert translate(desk, "ndelius", "canonical", bogus, EXAMPLES / "two-messages.xml").code == 8


@pytest.mark.parametrize(("source", "name"), [("canonical", "two-messages.xml"), ("ndelius", "address-canonical.json")])
def test_a_dialect_is_not_read_from_another_form(desk: Installation, source: str, name: str) -> None:
    said = translate(desk, source, "canonical", EXAMPLES / name, "--json")
    assert (said.code, codes(said)) == (10, ["malformed"])
    assert f"which {source} is not written in" in said.err


def test_an_answer_is_never_translated(desk: Installation) -> None:
    said = translate(desk, "ndelius", "canonical", EXAMPLES / "answer-200.xml", "--json")
    assert (said.code, codes(said)) == (10, ["not-translatable"])


def test_wrappings_are_taken_off(desk: Installation) -> None:
    bare = EXAMPLES / "two-messages.xml"
    soap = wrap(bare.read_bytes(), "1.2").decode()
    opened = translate(desk, "ndelius", "canonical", "-", stdin=soap)
    assert opened.out == translate(desk, "ndelius", "canonical", bare).out
    assert opened.err.splitlines()[-1] == NOT_CHECKED
    assert told(translate(desk, "ndelius", "canonical", "-", "--json", stdin=soap))["signatures"] == "not-checked"
    document = EXAMPLES / "address-canonical.json"
    jws = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg":"EdDSA"}', document.read_bytes(), b"none"))
    assert translate(desk, "canonical", "ndelius", "-", stdin=jws).out == translate(desk, "canonical", "ndelius", document).out


def test_the_two_json_examples_say_the_same_but_for_what_caseflow_lacks(desk: Installation) -> None:
    canonical, caseflow = (EXAMPLES / f"address-{dialect}.json" for dialect in ("canonical", "caseflow"))
    said = translate(desk, "canonical", "caseflow", canonical)
    assert said.json == json.loads(caseflow.read_text(encoding="utf-8"))
    assert "left out /payload/district" in said.err
    back = translate(desk, "caseflow", "canonical", caseflow).json["document"]
    whole = json.loads(canonical.read_text(encoding="utf-8"))["document"]
    del whole["district"]
    assert back == whole


def test_each_recipient_gets_a_document(desk: Installation) -> None:
    form = message("ConnectionNotification", "SYS", {}, recipients=["N00", "C09"])
    said = translate(desk, "canonical", "canonical", "-", stdin=form)
    assert [json.loads(line)["header"]["recipients"] for line in said.out.splitlines()] == [["N00"], ["C09"]]
    assert header(translate(desk, "canonical", "canonical", "--recipient", "C10", "-", stdin=form))["recipients"] == ["C10"]
    nobody = translate(desk, "canonical", "ndelius", "-", "--json", stdin=form.replace('["N00", "C09"]', "[]"))
    assert (nobody.code, codes(nobody)) == (10, ["no-recipient"])


def test_a_delete_is_reduced_only_where_that_is_asked_for(desk: Installation) -> None:
    form = json.dumps(DELETION)
    refused = translate(desk, "canonical", "ndelius", "-", "--json", stdin=form)
    assert (refused.code, codes(refused)) == (10, ["not-translatable"])
    said = translate(desk, "canonical", "ndelius", "--reduced-deletes", "-", stdin=form)
    assert said.code == 0
    assert "<ContactID>2567496110</ContactID>" in said.out
    assert codes(translate(desk, "ndelius", "canonical", "-", "--json", stdin=said.out)) == ["not-translatable"]
    assert translate(desk, "ndelius", "canonical", "--reduced-deletes", "-", stdin=said.out).json["document"] == DELETION["document"]


def test_entries_per_message_are_written_only_where_that_is_asked_for(desk: Installation) -> None:
    form = message("InterchangeStatusNotification", "RSP", {"status_code": 422, "messages": [{"reference": 1, "status_code": 422}]}, in_reply_to="99")
    without = translate(desk, "canonical", "ndelius", "-", stdin=form)
    assert (without.code, "MessageStatus>" in without.out) == (0, False)
    assert "left out /payload/messages" in without.err
    asked = translate(desk, "canonical", "ndelius", "--message-statuses", "-", stdin=form)
    assert (asked.err, "MessageStatus>" in asked.out) == ("", True)


def test_documents_can_go_to_files_that_are_never_written_over(desk: Installation) -> None:
    out = desk.folder / "out"
    said = translate(desk, "ndelius", "canonical", EXAMPLES / "two-messages.xml", EXAMPLES / "transfer-request.xml", "--output-dir", out)
    assert (said.code, said.out) == (0, "")
    assert sorted(path.name for path in out.iterdir()) == ["00001.json", "00002.json", "00003.json"]
    assert desk.run("check", *map(str, out.iterdir())).code == 0
    before = (out / "00001.json").read_bytes()
    again = translate(desk, "ndelius", "canonical", EXAMPLES / "transfer-request.xml", "--output-dir", out, "--json")
    assert (again.code, again.error["code"]) == (6, "file-taken")
    assert (out / "00001.json").read_bytes() == before
    nowhere = translate(desk, "ndelius", "ndelius", EXAMPLES / "two-messages.xml", "--output-dir", out / "00001.json", "--json")
    assert (nowhere.code, nowhere.error["code"]) == (1, "file-unwritable")


def test_a_file_that_is_missing_stops_no_other(desk: Installation) -> None:
    gone = desk.folder / "gone.xml"
    said = translate(desk, "ndelius", "canonical", gone, EXAMPLES / "two-messages.xml")
    assert (said.code, len(said.out.splitlines())) == (3, 2)
    assert said.err.splitlines()[0] == f"There is no file {gone}."
