"""docs/partners/onboarding.md: every command from its first chapter on is run, in its order, and works."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.partners.onboarding import ALGORITHMS, MOVES
from gateway.partners.profile import AgreementEntry
from tests.support.operators import Installation

WHOLE = (Path(__file__).parents[3] / "docs" / "partners" / "onboarding.md").read_text(encoding="utf-8")
PAGE = WHOLE[WHOLE.index("## 1. ") :]
"""The ten commands before it need a running gateway: tests/scenarios/test_newcomer.py."""


def commands() -> Iterator[list[str]]:
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL):
        for line in block.splitlines():
            assert line.startswith("$ gateway "), line
            yield shlex.split(line.removeprefix("$ gateway "))


def profile() -> str:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    return text


def test_the_page_works_as_it_stands(desk: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk.folder)
    desk.write("thames.yaml", profile())
    ran = 0
    for command in commands():
        said = desk.run(*(_old_key(desk) if word == "OLD_KEY_ID" else word for word in command))
        assert said.code == 0, (command, said.err)
        ran += 1
    assert ran >= 18
    organisations = desk.ask("partner", "list")["organisations"]
    assert isinstance(organisations, list)
    assert [one["standing"] for one in organisations] == ["left"]
    keys = desk.ask("key", "list")["keys"]
    assert isinstance(keys, list)
    assert len(keys) == 3
    assert not any(key["valid"] for key in keys)
    assert desk.ask("audit", "verify")["whole"] is True


def test_the_table_of_standings_is_the_code_s() -> None:
    rows = re.findall(r"^\| (\w+) \| ([\w, ]+?)(?::.*)? \|$", PAGE.partition("| From | To |")[2].partition("##")[0], re.MULTILINE)
    told = {before: set() if after == "nothing" else set(after.split(", ")) for before, after in rows}
    assert told == {before.value: {after.value for after in afters} for before, afters in MOVES.items()}


def test_the_fields_and_algorithms_named_exist() -> None:
    table = PAGE.partition("| Field | Says | Left out |")[2].partition("\n\n")[0]
    named = {word for row in table.splitlines()[2:] for word in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named
    assert named <= set(AgreementEntry.model_fields)
    assert all(name in PAGE for name in ALGORITHMS)


def _old_key(desk: Installation) -> str:
    keys = desk.ask("key", "list")["keys"]
    assert isinstance(keys, list)
    return str(next(key["key_id"] for key in keys if key["use"] == "sign"))
