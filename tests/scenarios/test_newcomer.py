"""Onboarding measured: a newcomer joins a running gateway of 22 parties with at most ten commands, none of them code."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.terminal import Terminal
from tests.support.tree import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SECTION = (ROOT / "docs/partners/onboarding.md").read_text(encoding="utf-8").partition("## In ten commands")[2].partition("\n## ")[0]
AT_MOST = 10


def block(language: str) -> str:
    (text,) = re.findall(rf"```{language}\n(.*?)```", SECTION, flags=re.DOTALL)
    return str(text)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A gateway that runs, and knows everybody but the newcomer."""
    opened = Terminal(tmp_path)
    opened.run("gateway init")
    opened.run(f"gateway partner apply {ROOT / 'partners'} --yes")
    with opened.serving():
        yield opened


def test_a_newcomer_gets_its_first_receipt_and_goes_live_with_ten_commands(terminal: Terminal) -> None:
    lines = block("console").splitlines()
    assert len(lines) <= AT_MOST
    assert all(line.startswith("$ gateway ") for line in lines)
    before = json.loads(terminal.run("gateway partner list --json"))["organisations"]
    assert "newcomer" not in [one["id"] for one in before]
    (terminal.folder / "c22.yaml").write_text(block("yaml"), encoding="utf-8")
    (terminal.folder / "hello.json").write_text(block("json"), encoding="utf-8")

    said = {line: terminal.run(line.removeprefix("$ "), seconds=120) for line in lines}

    (verified,) = [text for line, text in said.items() if "receipts verify" in line]
    assert "accepted" in verified
    assert "ok" in verified
    after = {one["id"]: one for one in json.loads(terminal.run("gateway partner list --json"))["organisations"]}
    assert (after["newcomer"]["standing"], after["newcomer"]["parties"]) == ("live", ["C22"])
    assert len(after) == len(before) + 1
    (message,) = json.loads(terminal.run("gateway offline messages find --json"))["messages"]
    assert (message["sender"], message["type"]) == ("C22", "ConnectionNotification")
    shown = json.loads(terminal.run(f"gateway offline messages show {message['message_id']} --json"))
    assert [(delivery["recipient"], delivery["state"]) for delivery in shown["deliveries"]] == [("C22", "waiting")]
    assert json.loads(terminal.run("gateway audit verify --json"))["whole"] is True
