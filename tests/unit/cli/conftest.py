"""Fixtures of the command line's tests."""

import shutil
from pathlib import Path

import pytest

from tests.support.operators import Installation, empty_installation, installation


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation made once: RSA keys and migrations cost a second."""
    folder = tmp_path_factory.mktemp("installation")
    with pytest.MonkeyPatch.context() as patch:
        installation(folder, patch)
    return folder


@pytest.fixture
def desk(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An initialised installation on SQLite, of this test alone."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return empty_installation(tmp_path, monkeypatch)
