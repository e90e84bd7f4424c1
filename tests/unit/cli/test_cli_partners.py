"""`gateway partner` and `gateway key`: JSON shapes, tables and exit codes."""

import copy
import json
import stat
from pathlib import Path

import pytest

from gateway.trust.minting import mint_ed25519
from gateway.trust.signing import jwk_of, signer_from_pem
from tests.support.operators import PROFILE, Installation


@pytest.fixture
def thames(desk: Installation) -> Installation:
    desk.ask("partner", "apply", desk.write("thames.json", PROFILE), "--yes")
    return desk


def pin(desk: Installation, *options: str) -> str:
    """Make a key and pin it."""
    name = f"k{len(list(desk.folder.glob('k*.pem')))}.pem"
    desk.ask("key", "new", str(desk.folder / name))
    key = desk.ask("key", "add", "crc-thames", str(desk.folder / f"{name}.jwk"), *options)["key"]
    assert isinstance(key, dict)
    return str(key["key_id"])


def listed(said: dict[str, object], name: str) -> list[dict[str, object]]:
    found = said[name]
    assert isinstance(found, list)
    return found


def only(said: dict[str, object]) -> dict[str, object]:
    """What was said of the one organisation."""
    (one,) = listed(said, "organisations")
    return one


def test_applying_writes_once(desk: Installation) -> None:
    file = desk.write("thames.json", PROFILE)
    dry = desk.ask("partner", "apply", file, "--dry-run")
    assert (dry["applied"], dry["writes"]) == (False, 4)
    assert desk.ask("partner", "list")["organisations"] == []
    first = desk.ask("partner", "apply", file, "--yes")
    assert first["schema"] == "partner-applied/2"
    assert first["writes"] == 4
    assert first["missing"] == ["No valid signing key speaks for C05."]
    head = desk.ask("audit", "verify")["head"]
    assert desk.ask("partner", "apply", file, "--yes")["writes"] == 0
    assert desk.ask("audit", "verify")["head"] == head


def test_applying_a_change_writes_only_that(thames: Installation) -> None:
    changed = copy.deepcopy(PROFILE)
    changed["parties"][0]["outbound"]["endpoint"] = "https://thames.example/other"
    said = thames.ask("partner", "apply", thames.write("changed.json", changed), "--yes")
    assert only(said)["agreements"] == ["C05 outbound"]
    (change,) = [one for one in listed(said, "changes") if one["what"] == "agreement"]
    assert (change["change"], change["subject"]) == ("changed", "C05 outbound")
    assert change["fields"] == [{"name": "endpoint", "before": "https://thames.example/inbox", "after": "https://thames.example/other"}]


def test_yaml_and_standard_input_are_read(desk: Installation) -> None:
    text = "organisation: {id: a, name: A}\nparties: [{code: C01, name: P}]\n"
    assert only(desk.ask("partner", "apply", desk.write("a.yaml", text), "--yes"))["parties"] == ["C01"]
    other = text.replace("id: a", "id: b").replace("C01", "C02")
    assert only(desk.ask("partner", "apply", "-", "--yes", stdin=other))["organisation"] == "b"


@pytest.mark.parametrize(
    ("text", "code", "name"),
    [
        ("organisation: {id: a, name: A}", 2, "profile-invalid"),
        ("organisation: {id: a, name: A, standing: live}\nparties: [{code: C01, name: P}]", 2, "profile-invalid"),
        ("- 1", 2, "profile-invalid"),
        ("a: [", 2, "document-unreadable"),
        ("organisation: {id: A_B, name: A}\nparties: [{code: C01, name: P}]", 2, "organisation-id-invalid"),
        ("organisation: {id: a, name: A}\nparties: [{code: C01, name: P, inbound: {dialect: x, version: 0-9-14, packaging: jws}}]", 2, "dialect-unknown"),
        ("organisation: {id: other, name: A}\nparties: [{code: C05, name: P}]", 6, "party-taken"),
    ],
)
def test_a_bad_profile_changes_nothing(thames: Installation, text: str, code: int, name: str) -> None:
    head = thames.ask("audit", "verify")["head"]
    said = thames.run("partner", "apply", thames.write("bad.yaml", text), "--yes", "--json")
    assert (said.code, said.error["code"], said.error["schema"], said.error["exit"]) == (code, name, "error/1", code)
    assert said.out == ""
    assert thames.ask("audit", "verify")["head"] == head


def test_a_missing_file_is_not_found(desk: Installation) -> None:
    assert desk.run("partner", "apply", "nowhere.yaml", "--yes").code == 3


def test_mistakes_are_named_with_their_place(desk: Installation) -> None:
    changed = copy.deepcopy(PROFILE)
    changed["parties"][0]["inbound"]["polcy"] = "strict"
    said = desk.run("partner", "apply", desk.write("bad.json", changed), "--yes", "--json")
    assert said.error["details"] == ["parties.0.inbound.polcy: Extra inputs are not permitted"]


def test_the_life_of_a_partner(thames: Installation) -> None:
    assert thames.run("partner", "standing", "crc-thames", "live").code == 6
    assert thames.ask("partner", "standing", "crc-thames", "proving")["standing"] == "proving"
    said = thames.run("partner", "standing", "crc-thames", "live", "--json")
    assert (said.code, said.error["code"]) == (6, "not-ready")
    pin(thames, "--use", "sign", "--speaks-for", "C05")
    said = thames.run("partner", "standing", "crc-thames", "live", "--json")
    assert (said.code, said.error["code"]) == (6, "not-proved")
    assert thames.ask("partner", "standing", "crc-thames", "live", "--without-conformance", "a test")["standing"] == "live"
    shown = thames.ask("partner", "show", "crc-thames")
    assert shown["missing"] == []
    assert isinstance(shown["agreements"], list)
    assert {one["direction"] for one in shown["agreements"]} == {"inbound", "outbound"}


def test_unknown_things_have_their_exit_codes(thames: Installation) -> None:
    assert thames.run("partner", "show", "nobody").code == 3
    assert thames.run("partner", "standing", "nobody", "proving").code == 3
    assert thames.run("partner", "standing", "crc-thames", "flying").code == 2
    assert thames.run("key", "revoke", "nothing", "--reason", "x").code == 3
    assert thames.run("partner", "nonsense").code == 2


def test_leaving_needs_a_yes_and_revokes_the_keys(thames: Installation) -> None:
    key_id = pin(thames, "--use", "sign", "--speaks-for", "C05")
    assert thames.run("partner", "remove", "crc-thames").code == 2
    assert thames.run("partner", "standing", "crc-thames", "left").code == 2
    left = thames.ask("partner", "remove", "crc-thames", "--yes")
    assert (left["standing"], left["revoked"], left["broker_user_deleted"]) == ("left", [key_id], False)
    assert thames.run("partner", "apply", thames.write("again.json", PROFILE), "--yes").code == 6


def test_a_broker_password_is_shown_once_and_only_its_hash_is_kept(thames: Installation) -> None:
    made = thames.ask("partner", "broker-user", "crc-thames")
    assert (made["user"], made["exchange"], made["queue"]) == ("crc-thames", "from.crc-thames", "to.crc-thames")
    password = str(made["password"])
    assert len(password) >= 40
    store = thames.store()
    organisation = next(iter(store.partners.directory().organisations.values()))
    store.close()
    assert organisation.broker_password_hash
    assert password.encode() not in (thames.folder / "gateway.db").read_bytes()
    assert organisation.broker_password_hash not in thames.run("partner", "show", "crc-thames", "--json").out
    assert thames.ask("partner", "broker-user", "crc-thames")["password"] != password


def test_a_new_key_is_private_and_never_overwritten(desk: Installation) -> None:
    file = desk.folder / "mine.pem"
    made = desk.ask("key", "new", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads((desk.folder / "mine.pem.jwk").read_text())["kid"] == made["key_id"]
    before = file.read_bytes()
    assert desk.run("key", "new", str(file)).code == 6
    assert file.read_bytes() == before
    assert desk.run("key", "new", str(desk.folder / "x.pem"), "--kind", "dsa").code == 2


def test_keys_are_pinned_listed_and_revoked(thames: Installation) -> None:
    key_id = pin(thames, "--use", "sign", "--speaks-for", "C05")
    pin(thames, "--use", "auth")
    listed = thames.ask("key", "list", "--organisation", "crc-thames")["keys"]
    assert isinstance(listed, list)
    assert [(key["use"], key["valid"], key["speaks_for"]) for key in listed] == [("auth", True, []), ("sign", True, ["C05"])]
    assert thames.run("key", "revoke", "--reason", "lost", "--json", "--", key_id).code == 0
    listed = thames.ask("key", "list")["keys"]
    assert isinstance(listed, list)
    assert [key["valid"] for key in listed if key["key_id"] == key_id] == [False]
    assert thames.run("key", "revoke", "--reason", "lost", "--", key_id).code == 6


def test_a_certificate_is_pinned(thames: Installation) -> None:
    thames.ask("key", "new", str(thames.folder / "soap.pem"), "--kind", "rsa", "--name", "soap.thames.example")
    key = thames.ask("key", "add", "crc-thames", str(thames.folder / "soap.pem.crt"), "--use", "sign", "--speaks-for", "C05")["key"]
    assert isinstance(key, dict)
    assert key["algorithm"] == "RS256"


def test_a_private_key_is_never_pinned(thames: Installation) -> None:
    thames.ask("key", "new", str(thames.folder / "mine.pem"))
    said = thames.run("key", "add", "crc-thames", str(thames.folder / "mine.pem"), "--use", "auth", "--json")
    assert (said.code, said.error["code"]) == (2, "private-key")
    secret = {**jwk_of(signer_from_pem(mint_ed25519().private_pem)), "d": "c2VjcmV0"}
    said = thames.run("key", "add", "crc-thames", thames.write("secret.jwk", secret), "--use", "auth", "--json")
    assert (said.code, said.error["code"]) == (2, "key-unusable")
    assert "c2VjcmV0" not in said.err


def test_one_key_is_not_pinned_twice(thames: Installation) -> None:
    thames.ask("key", "new", str(thames.folder / "one.pem"))
    file = str(thames.folder / "one.pem.jwk")
    thames.ask("key", "add", "crc-thames", file, "--use", "auth")
    assert thames.run("key", "add", "crc-thames", file, "--use", "sign", "--speaks-for", "C05").code == 6
    other = {"organisation": {"id": "crc-mersey", "name": "M"}, "parties": [{"code": "C07", "name": "M"}]}
    thames.ask("partner", "apply", thames.write("mersey.json", other), "--yes")
    assert thames.run("key", "add", "crc-mersey", file, "--use", "auth").code == 6
    assert thames.run("key", "add", "crc-thames", thames.write("junk", "not a key"), "--use", "auth").code == 2


def test_keys_in_a_profile_are_pinned_once(desk: Installation) -> None:
    desk.ask("key", "new", str(desk.folder / "one.pem"))
    jwk = json.loads((desk.folder / "one.pem.jwk").read_text())
    entry = {"use": "sign", "jwk": jwk, "speaks_for": ["C05"]}
    file = desk.write("whole.json", {**PROFILE, "keys": [entry]})
    assert only(desk.ask("partner", "apply", file, "--yes"))["keys"] == [jwk["kid"]]
    assert desk.ask("partner", "apply", file, "--yes")["writes"] == 0


def test_the_published_keys_hold_no_secret(desk: Installation) -> None:
    said = desk.run("key", "jwks")
    assert not {"d", "p", "q", "k"} & {name for jwk in json.loads(said.out)["keys"] for name in jwk}


@pytest.mark.parametrize("what", ["archive", "message", "wss"])
def test_own_keys_are_rotated(desk: Installation, what: str) -> None:
    before = len(json.loads(desk.run("key", "jwks").out)["keys"])
    assert desk.ask("key", "rotate", what)["name"]
    assert len(json.loads(desk.run("key", "jwks").out)["keys"]) == before + (what != "archive")
    assert desk.run("key", "rotate", "nothing").code == 2


def test_people_get_tables_without_markup(desk: Installation) -> None:
    named = copy.deepcopy(PROFILE)
    named["organisation"]["name"] = "[red]Thames[/red] [link=x]"
    desk.ask("partner", "apply", desk.write("named.json", named), "--yes")
    out = desk.run("partner", "list").out
    assert "[red]Thames[/red] [link=x]" in out
    assert "applied" in out


def test_a_folder_of_keys_open_to_others_stops_a_live_gateway(desk: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    (desk.folder / "keys").chmod(0o755)
    monkeypatch.setenv("GATEWAY_ENVIRONMENT", "live")
    said = desk.run("offline", "messages", "find", "--crn", "-", "--json", stdin="X000001\n")
    assert said.code == 2  # live needs more settings than this
    for name, value in {"PUBLIC_URL": "https://g.example", "TLS_ENDS_AT_PROXY": "true", "BROKER": "rabbitmq"}.items():
        monkeypatch.setenv(f"GATEWAY_{name}", value)
    monkeypatch.setenv("GATEWAY_BROKER_URL", "amqp://localhost/gateway")
    monkeypatch.setenv("GATEWAY_BROKER_PARTNERS_URL", "amqp://localhost/partners")
    said = desk.run("offline", "messages", "find", "--crn", "-", "--json", stdin="X000001\n")
    assert (said.code, said.error["code"]) == (9, "keys-unavailable"), said.err


def test_files_are_where_init_says(tmp_path: Path, desk: Installation) -> None:
    again = desk.ask("init")
    assert again["keys_made"] is False
    assert (tmp_path / "keys" / "manifest.json").exists()
