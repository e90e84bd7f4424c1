"""Rules are handed time, randomness, keys and facts; they never fetch them."""

import ast
from pathlib import Path

from tests.support.tree import imported_by, name_of, of_all, sources, tree_of

PURE = (
    "schemas/",
    "broker/parcel.py",
    "broker/topology.py",
    "broker/contract.py",
    "adapters/contract.py",
    "adapters/json_form.py",
    "adapters/xml_form.py",
    "adapters/agencies/",
    "gateway/audit/",
    "gateway/records.py",
    "gateway/changes.py",
    "gateway/contract.py",
    "gateway/trust/",
    "gateway/partners/",
    "gateway/exchange/",
    "gateway/transfers/",
)
FORBIDDEN = {
    "asyncio", "http", "logging", "multiprocessing", "os", "random", "secrets", "select", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys",
    "threading", "time", "urllib.request", "uuid.uuid1", "uuid.uuid4",
}  # fmt: skip
GRANTED: dict[str, dict[str, str]] = {
    "adapters/agencies/ndelius/parsing.py": {"threading": "an lxml parser belongs to one thread: each has its own"},
    "gateway/trust/xml_guard.py": {"threading": "an lxml parser belongs to one thread: each has its own"},
}
"""Module → what it may import all the same, and why."""
each_rule = of_all([path for path in sources() if name_of(path).startswith(PURE)])


@each_rule
def test_rule_asks_the_world_nothing(path: Path) -> None:
    granted = GRANTED.get(name_of(path), {})
    reached = {name for name in imported_by(path) if any(name == bad or name.startswith(f"{bad}.") for bad in FORBIDDEN)}
    assert not {name for name in reached if name not in granted}


def test_grants_are_still_needed() -> None:
    by_name = {name_of(path): path for path in sources()}
    idle = {(module, name) for module, names in GRANTED.items() for name in names if name not in set(imported_by(by_name[module]))}
    assert not idle


NOW = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "open", "Path", "print", "input"}


@each_rule
def test_rule_reads_neither_clock_nor_disk(path: Path) -> None:
    called = {ast.unparse(node.func) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)}
    assert not called & NOW
