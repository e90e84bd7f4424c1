"""The repository as the tests of the law see it: its files, modules and syntax trees."""

import ast
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("schemas", "broker", "adapters", "gateway")
GENERATED = ("gateway/store/migrations/versions/",)
"""Trees of modules that tools shape."""


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file of the repository, committed or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=30
    )
    return tuple(sorted(ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()))


def name_of(path: Path) -> str:
    """The path as a reader types it."""
    return path.relative_to(ROOT).as_posix()


@cache
def sources() -> tuple[Path, ...]:
    """The modules that are installed."""
    return tuple(path for path in tracked_files() if path.suffix == ".py" and name_of(path).split("/")[0] in PACKAGES)


def module_of(path: Path) -> str:
    """The dotted name: gateway.exchange.accept."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of one module."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a module, however deep."""
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def imported_by(path: Path) -> Iterator[str]:
    """Dotted names that a module imports, with the name taken from each."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def of_all(paths: Sequence[Path]) -> Callable[[Callable[[Path], None]], Callable[[], None]]:
    """Turns a check of one module into one test of all these, which names every module that fails, and how."""

    def decorate(check: Callable[[Path], None]) -> Callable[[], None]:
        def over_all() -> None:
            found = {}
            for path in paths:
                try:
                    check(path)
                except AssertionError as error:
                    found[name_of(path)] = str(error)
            assert paths
            assert not found

        over_all.__name__ = check.__name__
        return over_all

    return decorate
