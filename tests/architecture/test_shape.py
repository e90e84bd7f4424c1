"""How modules look: sizes, docstrings, imports, names. The limits are those of CONTRIBUTING.md."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.tree import GENERATED, functions_of, name_of, of_all, sources, tree_of

MODULE_LINES = 400
FUNCTION_LINES = 60
LAZY = ("gateway/cli.py", "gateway/commands/", "gateway/bootstrap.py", "gateway/store/opening.py")
"""Where an import may wait inside a function: a command line must answer --help at once, and what most processes never
need (the web framework, the migration tool) is not loaded by all."""
EMPTY_NAMES = ("Manager", "Helper", "Util", "Utils", "Service", "Processor", "Data", "Info")
EMPTY_MODULES = {"common", "misc", "utils", "helpers", "util"}

SOURCES = [path for path in sources() if not name_of(path).startswith(GENERATED)]
each_module = of_all(SOURCES)


@each_module
def test_module_is_short_enough(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MODULE_LINES


@each_module
def test_functions_are_short_enough(path: Path) -> None:
    long = {node.name: size for node in functions_of(path) if (size := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES}
    assert not long


@each_module
def test_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(tree_of(path)), "a module opens with what it is, what it is not, and who calls it"


@each_module
def test_package_file_holds_a_docstring_only(path: Path) -> None:
    if path.name == "__init__.py":
        assert len(tree_of(path).body) == 1


@each_module
def test_no_type_checking_knots(path: Path) -> None:
    assert not any(isinstance(node, ast.Name | ast.Attribute) and "TYPE_CHECKING" in ast.unparse(node) for node in ast.walk(tree_of(path)))


@each_module
def test_imports_stand_at_the_top(path: Path) -> None:
    if name_of(path).startswith(LAZY):
        return
    inside = [ast.unparse(inner) for node in functions_of(path) for inner in ast.walk(node) if isinstance(inner, ast.Import | ast.ImportFrom)]
    assert not inside


def _public(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node


@each_module
def test_public_names_have_docstrings(path: Path) -> None:
    missing = [node.name for node in _public(tree_of(path).body) if not ast.get_docstring(node)]
    assert not missing


@each_module
def test_public_signatures_hold_no_any(path: Path) -> None:
    loose = []
    for node in functions_of(path):
        if node.name.startswith("_"):
            continue
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        annotations = [argument.annotation for argument in arguments] + [node.returns]
        loose += [node.name for note in annotations if note is not None and "Any" in {part.id for part in ast.walk(note) if isinstance(part, ast.Name)}]
    assert not loose


@each_module
def test_names_say_something(path: Path) -> None:
    assert path.stem not in EMPTY_MODULES
    empty = [node.name for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef) and node.name.endswith(EMPTY_NAMES)]
    assert not empty
