"""The first steps of the README do what it says, line by line."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.terminal import Terminal
from tests.support.tree import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def _steps() -> tuple[list[str], list[str]]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("## First steps after the demo")[1].split("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, flags=re.DOTALL)
    first, second = ([line.split("  #")[0].strip() for line in block.splitlines()] for block in blocks)
    return [line for line in first if line], [line for line in second if line]


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@pytest.fixture
def serving(terminal: Terminal) -> Iterator[Terminal]:
    first, _ = _steps()
    assert first[0].startswith("source ")
    assert first[-1] == "gateway serve"
    for line in first[1:-1]:
        terminal.run(line)
    with terminal.serving():
        yield terminal


def test_first_steps_of_the_readme(serving: Terminal) -> None:
    _, second = _steps()
    for line in second[1:]:
        serving.run(line)
    found = json.loads(serving.run("gateway offline messages find --json"))["messages"]
    assert [message["type"] for message in found] == ["ConnectionNotification"]
    shown = serving.run(f"gateway offline messages show {found[0]['message_id']}")
    assert "C02" in shown
    assert "waiting" in shown
