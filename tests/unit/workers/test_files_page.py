"""docs/protocol/files.md says what the code does."""

import json
import re
from pathlib import Path

from adapters.channels.drop_folder import DONE, INBOX, MANIFEST, OUTBOX, QUARANTINE, RECEIPT, RECEIPTS, SIGNATURE
from gateway.config import Settings
from gateway.trust.base64url import decode
from gateway.trust.detached import DetachedPackaging
from gateway.workers.inbox import JOSE, _form, _parsed
from schemas.faults import FaultCode
from tests.support.trust import JSON_DOCUMENT, ed25519_signer, order

PAGE = (Path(__file__).parents[3] / "docs" / "protocol" / "files.md").read_text(encoding="utf-8")


def test_the_manifest_on_the_page_is_one() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    manifest = _parsed(example.encode(), json.loads(example)["id"])
    packaging, document, mark = _form(manifest.files)
    assert (packaging, document.name, mark and mark.name) == ("detached", "000017.csv", f"000017.csv{SIGNATURE}")
    assert f"`000017{MANIFEST}`" in PAGE
    assert manifest.files[1].media_type == JOSE


def test_the_folders_on_the_page_are_those_of_the_code() -> None:
    table = PAGE.partition("| Folder |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(.+?)/`", table, re.MULTILINE) == [OUTBOX, f"{OUTBOX}/{RECEIPTS}", INBOX, DONE, QUARANTINE]
    assert f"<id>{RECEIPT}" in PAGE


def test_the_codes_and_settings_on_the_page_exist() -> None:
    table = PAGE.partition("| Code | When |")[2].partition("\n\n")[0]
    codes = re.findall(r"^\| `(.+?)`", table, re.MULTILINE)
    assert {FaultCode(code) for code in codes} >= {code for code in FaultCode if code.value.startswith("batch-")}
    assert set(re.findall(r"`(drop_\w+)`", PAGE)) <= set(Settings.model_fields)
    assert Settings.model_fields["drop_stale_seconds"].default == 15 * 60


def test_the_header_on_the_page_is_the_one_that_we_sign() -> None:
    table = PAGE.partition("| Member | Value |")[2].partition("\n\n")[0]
    mark = DetachedPackaging().seal(order(JSON_DOCUMENT), ed25519_signer()).headers["signature"]
    assert list(json.loads(decode(mark.partition(".")[0].encode()))) == re.findall(r"^\| `(\w+)`", table, re.MULTILINE)
