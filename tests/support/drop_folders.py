"""Folders of a file partner, and a file system that fails or dies at the nth thing asked of it."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.channels import drop_folder

CALLS = ("open", "write", "fsync", "rename", "unlink")
"""What changes a file system, of all that `drop_folder` asks for."""


class Killed(BaseException):
    """The process is gone: nothing after this runs, but for what the kernel does by itself."""


def make_folders(root: Path, organisation: str) -> Path:
    """The folders of one organisation, as its operator makes them."""
    home = root / organisation
    for name in ("outbox/receipts", "inbox", "done", "quarantine"):
        (home / name).mkdir(parents=True)
    return home


@contextmanager
def interrupted(monkeypatch: pytest.MonkeyPatch, at: int, error: Callable[[], BaseException], names: tuple[str, ...] = CALLS) -> Iterator[list[str]]:
    """The `at`-th of these calls raises, and where the process was killed so does every later one."""
    asked: list[str] = []

    def wrapped(name: str) -> Callable[..., object]:
        original: Callable[..., object] = getattr(os, name)

        def call(*args: object, **more: object) -> object:
            asked.append(name)
            failure = error()
            if len(asked) == at or (len(asked) > at and isinstance(failure, Killed)):
                raise failure
            return original(*args, **more)

        return call

    with monkeypatch.context() as patch:
        for name in names:
            patch.setattr(drop_folder.os, name, wrapped(name))  # type: ignore[attr-defined]
        yield asked


def full_disk() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def killed() -> Killed:
    return Killed
