"""`gateway check`: every form of payload, told by its bytes, and every fault of it explained."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.catalogue import DIALECTS, POINTING
from adapters.names import Dialect
from gateway import bootstrap
from gateway.commands import checking
from gateway.commands.dialects import TOLD
from gateway.commands.explaining import plain
from gateway.commands.languages import ADAPTERS
from gateway.trust.soap import wrap
from schemas.catalogue import CATALOGUE
from schemas.faults import FAULTS, FaultCode
from tests.support.operators import Installation, empty_installation

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "docs" / "examples"
PLAIN = sorted((ROOT / "tests/vectors/spg/plain").glob("*.xml"))
WSS = sorted((ROOT / "tests/vectors/wss").glob("*.xml"))
BOGUS = {
    "control-count-mismatch.xml": ("control-count-wrong", "/SPGInterchange/SPGInterchangeTrailer/ControlCount", None),
    "malformed-unescaped-Contact.xml": ("malformed", None, None),
    "message-reference-mismatch.xml": ("message-reference-mismatch", "/SPGInterchange/SPGMessage[1]/SPGMessageTrailer/MessageReferenceNumber", 1),
    "trailer-identity-mismatch.xml": ("identity-mismatch", "/SPGInterchange/SPGInterchangeTrailer/SenderIdentity", None),
    "unknown-transaction-request-has-fail-element.xml": ("element-unknown", "/SPGInterchange/SPGMessage[1]/ConsolidatedTransferRequest/fail", 1),
}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """A folder with nothing in it: no store, no key."""
    return empty_installation(tmp_path, monkeypatch)


def files(found: dict[str, object]) -> list[dict[str, object]]:
    listed = found["files"]
    assert isinstance(listed, list)
    return listed


def faults(desk: Installation, *arguments: str, stdin: str | None = None) -> list[dict[str, object]]:
    """The faults of a file that is not valid."""
    said = desk.run("check", *arguments, "--json", stdin=stdin)
    assert (said.code, said.error["code"]) == (10, "not-valid"), said.err
    (one,) = files(said.json)
    assert one["valid"] is said.json["valid"] is False
    listed = one["faults"]
    assert isinstance(listed, list)
    return listed


def compact(payload: bytes) -> str:
    """A JWS that nobody signed."""
    parts = (b'{"alg":"EdDSA"}', payload, b"no signature at all")
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def test_every_sample_is_valid(desk: Installation) -> None:
    found = desk.ask("check", *map(str, PLAIN))
    assert (found["schema"], found["valid"], found["signatures"]) == ("check/1", True, "none")
    assert [one["file"] for one in files(found)] == list(map(str, PLAIN))
    for path, one in zip(PLAIN, files(found), strict=True):
        if path.name.startswith("SPGInterchangeResponse"):
            assert (one["forms"], one["messages"]) == ({"SPG answer": 1}, 0)
        else:
            kinds = ["Contact", "UPWContact"] if path.name.startswith("multi") else [path.name.split("-")[0]]
            assert (one["forms"], list(one["types"]), one["wrong"]) == ({"SPG XML": 1}, kinds, 0)  # type: ignore[call-overload]
    assert {kind for one in files(found) for kind in one["types"]} == set(CATALOGUE)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", BOGUS)
def test_every_bogus_one_is_told_its_fault(desk: Installation, name: str) -> None:
    (fault,) = faults(desk, str(ROOT / "tests/vectors/spg/bogus" / name))
    code, pointer, number = BOGUS[name]
    assert (fault["code"], fault.get("pointer"), fault["message"]) == (code, pointer, number)
    row = FAULTS[FaultCode(code)]
    assert (fault["title"], fault["blame"], fault["advice"]) == (row.title, "sender", row.advice)
    assert fault["detail"]


def test_the_list_of_bogus_ones_is_whole() -> None:
    assert {path.name for path in (ROOT / "tests/vectors/spg/bogus").glob("*.xml")} == set(BOGUS)


@pytest.mark.parametrize("path", WSS, ids=lambda path: path.stem)
def test_soap_is_opened_and_its_signature_left_alone(desk: Installation, path: Path) -> None:
    (one,) = files(desk.ask("check", str(path)))
    assert one["forms"] == {f"SPG XML in SOAP 1.{path.name[5]}": 1}
    said = desk.run("check", str(path))
    assert said.out.splitlines()[-1] == checking.NOT_CHECKED
    assert said.err == ""


def test_a_broken_signature_is_no_business_of_a_check(desk: Installation) -> None:
    found = desk.ask("check", str(ROOT / "tests/vectors/bogus/soap12-strict-timestamp-altered.xml"))
    assert (found["valid"], found["signatures"]) == (True, "not-checked")


def test_soap_tells_the_faults_of_what_is_in_it(desk: Installation) -> None:
    bare = EXAMPLES / "three-messages-two-wrong.xml"
    wrapped = wrap(bare.read_bytes(), "1.1").decode()
    assert faults(desk, "-", stdin=wrapped) == faults(desk, str(bare))
    answered = files(desk.ask("check", "-", stdin=wrap((EXAMPLES / "answer-200.xml").read_bytes(), "1.2").decode()))
    assert answered[0]["forms"] == {"SPG answer in SOAP 1.2": 1}
    (fault,) = faults(desk, "-", stdin=wrapped.replace("</soap:Body>", "<more/></soap:Body>"))
    assert fault["code"] == "malformed"


def test_every_fault_of_every_message_is_told(desk: Installation) -> None:
    told = faults(desk, str(EXAMPLES / "three-messages-two-wrong.xml"))
    assert [(one["message"], one["type"], one["code"], str(one["pointer"]).rpartition("/")[2]) for one in told] == [
        (2, "UPWContact", "element-unknown", "ProjectKind"),
        (2, "UPWContact", "element-missing", "ProjectType"),
        (2, "UPWContact", "element-missing", "EndTime"),
        (2, "UPWContact", "value-invalid", "MinutesOffered"),
        (3, "Contact", "value-invalid", "Alert"),
        (3, "Contact", "value-invalid", "ContactDate"),
        (3, "Contact", "identifier-invalid", "Team"),
    ]
    assert {one["pointer"]: one["value"] for one in told if "value" in one} == {told[4]["pointer"]: "yes", told[6]["pointer"]: "C05A"}


@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["text", "json"])
def test_nothing_about_a_person_is_printed(desk: Installation, as_json: list[str]) -> None:
    said = desk.run("check", str(EXAMPLES / "three-messages-two-wrong.xml"), *as_json)
    assert said.code == 10
    for personal in ("18/09/2020", "K262456", "Wray", "Thackery", "Parish Hall", "C05B239", "6h30", "Phoned"):
        assert personal in (EXAMPLES / "three-messages-two-wrong.xml").read_text(encoding="utf-8")
        assert personal not in said.out + said.err


def test_people_read_where_what_and_what_to_do(desk: Installation) -> None:
    said = desk.run("check", str(EXAMPLES / "three-messages-two-wrong.xml"))
    block = said.out[said.out.index("  message 3, Contact: identifier-invalid") :].splitlines()
    row = FAULTS[FaultCode.IDENTIFIER_INVALID]
    assert block == [
        f"  message 3, Contact: identifier-invalid: {row.title}",
        "    at: /SPGInterchange/SPGMessage[3]/Contact/ContactDetails/Contact/Team",
        "    rule: A team code has six characters, A to Z and 0 to 9.",
        "    found: C05A",
        f"    for the sender: {row.advice}",
    ]
    assert said.err == "error: Not valid: 1 of 1 files.\n"


def test_json_is_read_in_the_dialect_that_was_named(desk: Installation) -> None:
    canonical, caseflow = (str(EXAMPLES / f"address-{dialect}.json") for dialect in ("canonical", "caseflow"))
    assert files(desk.ask("check", canonical))[0]["forms"] == {"JSON (canonical)": 1}
    assert files(desk.ask("check", "--dialect", "caseflow", caseflow))[0]["forms"] == {"JSON (caseflow)": 1}
    unknown = [one["pointer"] for one in faults(desk, caseflow) if one["code"] == "element-unknown"]
    assert "/document/caseNo" in unknown
    assert desk.run("check", "--dialect", "ndelius", canonical).code == 2


def test_json_faults_have_json_pointers(desk: Installation) -> None:
    document = json.loads((EXAMPLES / "address-canonical.json").read_text(encoding="utf-8"))
    document["document"]["status"]["code"] = "?"
    del document["document"]["address_id"]
    told = faults(desk, "-", stdin=json.dumps(document))
    assert {(one["pointer"], one["code"], one["message"], one["type"]) for one in told} == {
        ("/document/status/code", "code-unknown", 1, "Address"),
        ("/document/address_id", "element-missing", 1, "Address"),
    }


def test_a_jws_is_opened_and_not_verified(desk: Installation) -> None:
    payload = (EXAMPLES / "address-canonical.json").read_bytes()
    found = desk.ask("check", "-", stdin=f"{compact(payload)}\n")
    assert (files(found)[0]["forms"], found["signatures"]) == ({"JSON (canonical) in JWS": 1}, "not-checked")
    (fault,) = faults(desk, "-", stdin=compact(payload.replace(b'"INS"', b'"XYZ"')))
    assert (fault["code"], fault["pointer"]) == ("code-unknown", "/header/action")
    (fault,) = faults(desk, "-", stdin=compact(payload).replace(".", "A.", 1))
    assert fault["code"] == "malformed"


def test_the_bytes_tell_the_form_and_not_the_name(desk: Installation) -> None:
    name = desk.write("address.json", (EXAMPLES / "two-messages.xml").read_text(encoding="utf-8"))
    other = desk.write("address.xml", (EXAMPLES / "address-canonical.json").read_text(encoding="utf-8"))
    assert [one["forms"] for one in files(desk.ask("check", name, other))] == [{"SPG XML": 1}, {"JSON (canonical)": 1}]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "malformed"),
        (" \n", "malformed"),
        ("N00,C05", "malformed"),
        ("[]", "structure-invalid"),
        ("{", "malformed"),
        ("<", "malformed"),
        ("<a/>", "structure-invalid"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "too-complex"),
        ('<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope"/>', "malformed"),
        ("a.b", "malformed"),
        ('{"header": 1, "header": 2}', "element-repeated"),
    ],
)
def test_what_is_no_payload_is_refused_with_its_reason(desk: Installation, content: str, code: str) -> None:
    assert {fault["code"] for fault in faults(desk, "-", stdin=content) if fault["message"] is None} >= {code}


def test_what_the_doors_would_refuse_is_not_valid_here(desk: Installation) -> None:
    text = (EXAMPLES / "address-canonical.json").read_text(encoding="utf-8")
    assert "Larkspur" in text
    for trick in ("\\ud800", "\\u0000"):
        assert faults(desk, "-", stdin=text.replace("Larkspur", trick))


def test_a_name_cannot_steer_the_terminal(desk: Installation) -> None:
    text = (EXAMPLES / "address-canonical.json").read_text(encoding="utf-8").replace('"street_name"', '"\\u001b[2Jstreet"')
    said = desk.run("check", "-", stdin=text)
    assert (said.code, "\x1b" in said.out) == (10, False)
    assert "/document/\\x1b[2Jstreet" in said.out
    assert plain("caf\u00e9 \udc80\x07") == "café \\udc80\\x07"


def test_several_documents_of_one_file_are_told_apart(desk: Installation) -> None:
    good = json.dumps(json.loads((EXAMPLES / "address-canonical.json").read_text(encoding="utf-8")))
    told = faults(desk, "-", stdin="\n".join([good, good.replace('"INS"', '"SYS"'), "", good.replace("K189122", "K18", 1)]))
    assert [one["document"] for one in told] == [2, 3]
    assert "  document 2, message 1, Address: code-unknown" in desk.run("check", "-", stdin=f"{good}\n{good.replace('INS', 'SYS')}").out
    xml = (EXAMPLES / "two-messages.xml").read_text(encoding="utf-8").partition("?>")[2].strip()
    (one,) = files(desk.ask("check", "-", stdin=f"{xml}\n{xml}\n{xml}"))
    assert (one["documents"], one["messages"], one["types"]) == (3, 6, {"Contact": 3, "UPWContact": 3})
    told = faults(desk, "-", stdin=xml + xml.replace("<ControlCount>2", "<ControlCount>9"))
    assert [(one["document"], one["code"]) for one in told] == [(2, "control-count-wrong")]


def test_a_file_that_cannot_be_read_stops_no_other(desk: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    good, gone = str(EXAMPLES / "two-messages.xml"), str(desk.folder / "gone.xml")
    said = desk.run("check", gone, good, "--json")
    assert (said.code, said.error["code"]) == (3, "file-missing")
    first, second = files(said.json)
    assert (first["valid"], second["valid"], said.json["valid"]) == (False, True, False)
    assert first["error"] == {"code": "file-missing", "title": f"There is no file {gone}."}
    assert desk.run("check", str(desk.folder), good).code == 1
    monkeypatch.setattr(checking, "MAX_BYTES", 100)
    assert desk.run("check", good).code == 2
    assert desk.run("check").code == 2


def test_standard_input_is_read_once(desk: Installation) -> None:
    said = desk.run("check", "-", "-", "--json", stdin="{}")
    assert (said.code, said.error["code"], said.out) == (2, "usage", "")


def test_no_settings_are_needed_nor_anything_written(desk: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_HTTP_PORT", "no number")
    desk.ask("check", str(EXAMPLES / "two-messages.xml"))
    assert list(desk.folder.iterdir()) == []


def test_the_work_starts_without_the_house() -> None:
    """A check must not wait for what it does not use."""
    heavy = ("sqlalchemy", "fastapi", "cryptography", "jwt", "xmlsec", "pika", "httpx", "structlog", "gateway.bootstrap", "gateway.config")
    code = f"import sys, gateway.commands.checking, gateway.commands.translating; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ}, timeout=60)
    assert done.stdout.strip() == "[]"


def test_dialects_are_those_of_the_gateway() -> None:
    assert {dialect.value for dialect in Dialect} == set(ADAPTERS) == bootstrap.onboarding_parts().dialects
    assert {name: type(adapter) for name, adapter in ADAPTERS.items()} == {name: type(adapter) for name, adapter in DIALECTS.items()}
    read = ADAPTERS.keys() - POINTING
    assert {dialect.value for dialect in TOLD} == {name for name in read if ADAPTERS[name].media_type != "application/xml"}
