"""What must not lie in the repository: registry addresses, private keys, other people's marks; and what the locks hold."""

import re
import tomllib
from pathlib import Path

from tests.support.tree import ROOT, name_of, tracked_files

SELF = "tests/architecture/test_tree.py"
REGISTRY = re.compile(r"https?://[^\s\"']+\.(?:whl|tar\.gz|tgz)\b|--(?:extra-)?index-url|--find-links|pypi\.org/simple|files\.pythonhosted\.org")
PRIVATE_KEY = re.compile(r"-----BEGIN (?:RSA |EC |ENCRYPTED )?PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}")
MARKS = re.compile(r"gds[ -]transport|govuk-logotype|govuk-crest|crown[-_]copyright", re.IGNORECASE)
PIN = re.compile(r"^([A-Za-z0-9_.-]+)==(\S+)", re.MULTILINE)


def _texts() -> dict[str, str]:
    found = {}
    for path in tracked_files():
        if name_of(path) == SELF:
            continue
        raw = path.read_bytes()
        if b"\0" not in raw[:4096]:
            found[name_of(path)] = raw.decode("utf-8", errors="replace")
    return found


def test_no_registry_address() -> None:
    assert not [name for name, text in _texts().items() if REGISTRY.search(text)]


def test_no_private_key() -> None:
    assert not [name for name, text in _texts().items() if PRIVATE_KEY.search(text)]


def test_no_government_marks() -> None:
    """The service is not on GOV.UK: its crown and typeface are not ours to use; its style sheet is, and stands here without them."""
    assert not [name for name, text in _texts().items() if MARKS.search(text)]


def _pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / name).read_text(encoding="utf-8")))


def test_locks_pin_with_hashes() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        blocks = re.split(r"\n(?=\S)", (ROOT / name).read_text(encoding="utf-8").strip())
        assert all(PIN.match(block) and "--hash=sha256:" in block for block in blocks)


def test_what_runs_is_what_is_tested() -> None:
    tested = _pins("requirements-dev.lock")
    assert _pins("requirements.lock").items() <= tested.items()


def test_locks_hold_every_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for lines, lock in ((project["dependencies"], "requirements.lock"), (project["optional-dependencies"]["dev"], "requirements-dev.lock")):
        wanted = {re.split(r"[\[<>=;~ ]", line)[0].lower() for line in lines}
        assert wanted <= {name.lower() for name in _pins(lock)}


def test_continuous_integration_runs_everything() -> None:
    script = ROOT / ".ci/run"
    assert script.stat().st_mode & 0o100
    assert "make test" in script.read_text(encoding="utf-8")


def test_no_test_is_put_off() -> None:
    silenced = re.compile(r"pytest\.mark\.(?:skip|xfail)\b")
    paths = [path for path in tracked_files() if name_of(path).startswith("tests/") and path.suffix == ".py" and name_of(path) != SELF]
    assert not [name_of(path) for path in paths if silenced.search(Path(path).read_text(encoding="utf-8"))]
