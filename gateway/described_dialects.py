"""The described languages of this installation, read from their folder.

What it is: every mapping of `dialects_dir` as an adapter, or one error that tells every mistake of every file. What it
is not: the language of mappings (`adapters.agencies.declarative`). Called by the composition root when a process
starts: a running gateway never sees half of a change.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from adapters.agencies.declarative.adapter import load
from adapters.agencies.declarative.mistakes import MappingError
from adapters.contract import Adapter
from gateway.config import ConfigurationInvalid

MAX_BYTES: Final = 4 * 1024 * 1024
"""Of one mapping."""


def read_dialects(folder: Path | None, taken: Collection[str]) -> Mapping[str, Adapter]:
    """The adapters of a folder by their names, none of them one that is taken. Raises ConfigurationInvalid."""
    found: dict[str, Adapter] = {}
    mistakes: list[str] = []
    for file in _files(folder):
        try:
            adapter = load(_text(file))
        except MappingError as error:
            mistakes += [f"{file.name}: {mistake}" for mistake in error.mistakes]
            continue
        if adapter.dialect in taken or adapter.dialect in found:
            mistakes.append(f"{file.name}: there is a dialect {adapter.dialect} already")
        found[adapter.dialect] = adapter
    if mistakes:
        raise ConfigurationInvalid("dialects_dir: " + "; ".join(mistakes))
    return found


def _files(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    if not folder.is_dir():
        raise ConfigurationInvalid("dialects_dir: there is no such folder")
    return sorted(folder.glob("*.yaml"))


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ConfigurationInvalid(f"dialects_dir: {file.name} is larger than {MAX_BYTES} bytes")
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationInvalid(f"dialects_dir: {file.name} cannot be read ({type(error).__name__})") from error
