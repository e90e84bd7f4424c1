"""Copies of the runbooks for the console, which serves no other page of the documentation.

What it is: docs/runbooks as they stand, with links to other pages written out. What it is not: a second place to write
them. Called by `docs.generate`.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

RUNBOOKS = Path(__file__).parent / "runbooks"
_LINK = re.compile(r"\[([^\]]+)\]\((\.\./)?([^)#\s]+)(#[^)\s]*)?\)")
_NOTICE = "<!-- Copied from docs/runbooks: change it there, then run `make docs`. -->\n\n"


def _copy(path: Path) -> str:
    return _NOTICE + _LINK.sub(_written_out, path.read_text(encoding="utf-8"))


def _written_out(link: re.Match[str]) -> str:
    """Another runbook is served beside it; any other page is named."""
    text, up, target, _ = link.groups()
    return link[0] if up is None and (RUNBOOKS / target).is_file() else f"{text} (docs/{target})"


COPIES: Mapping[str, Callable[[], str]] = {f"../gateway/console/runbooks/{path.name}": partial(_copy, path) for path in sorted(RUNBOOKS.glob("*.md"))}
"""By their place, from docs/."""
