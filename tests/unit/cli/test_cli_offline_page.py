"""docs/offline.md: every command on the page is run on the example files and prints what stands there."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.operators import Installation, Said

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "offline.md").read_text(encoding="utf-8")


def sessions(page: str) -> Iterator[tuple[str, str]]:
    """Each command with what the page says it prints."""
    for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            yield command, printed


def run(desk: Installation, command: str) -> str:
    """What a person sees: the errors of all, and the output of the last."""
    said, errors = Said(0, "", ""), ""
    for stage in command.split(" | "):
        assert stage.startswith("gateway "), stage
        said = desk.run(*shlex.split(stage)[1:], stdin=said.out)
        errors += said.err
    return "".join(f"{line.rstrip()}\n" for line in (said.out + errors).splitlines())


def test_the_page_tells_the_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(DOCS / "examples", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    told = list(sessions(PAGE))
    assert len(told) >= 8
    assert [(command, run(Installation(tmp_path), command)) for command, _ in told] == told
