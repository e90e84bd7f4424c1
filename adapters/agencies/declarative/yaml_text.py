"""YAML text as plain data, and the line of every value.

What it is: a small, strict part of YAML: maps, lists, texts, whole numbers, `true`, `false` and nothing. What it is not:
all of YAML 1.1: `No`, `on` and `2020-01-01` stay the texts that they look like, a name that stands twice is refused,
and so are anchors and tags (members are shared by `use`).
"""

import re
from typing import Final

import yaml

from adapters.agencies.declarative.mistakes import MappingError, Mistake, Notes, Place

MAX_CHARACTERS: Final = 1_000_000
_NUMBER: Final = re.compile(r"0|-?[1-9][0-9]{0,17}", re.ASCII)
_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None, "~": None, "": None}
_OWN_TAGS: Final = frozenset(f"tag:yaml.org,2002:{name}" for name in ["map", "seq", "str", "int", "float", "bool", "null", "timestamp", "value", "merge"])
"""What plain YAML is taken to be; any other was written out, and asks for more than data."""


class _Loader(yaml.SafeLoader):
    """Composes nodes, and refuses what one part of a document borrows from another."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(problem="anchors are not read: share members with `use`", problem_mark=self.get_mark())
        return super().compose_node(parent, index)


def read_yaml(text: str) -> tuple[object, dict[Place, int]]:
    """The data of a document, and where each value stands. Raises MappingError."""
    if len(text) > MAX_CHARACTERS:
        raise MappingError([Mistake("", 0, f"a mapping has at most {MAX_CHARACTERS} characters")])
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise MappingError([Mistake("", mark.line + 1 if mark else 0, f"this is no YAML: {error.problem or error.context}")]) from None
    except yaml.YAMLError as error:
        raise MappingError([Mistake("", 0, f"this is no YAML: {type(error).__name__}")]) from None
    except RecursionError:
        raise MappingError([Mistake("", 0, "it is nested too deep")]) from None
    notes = Notes({})
    lines: dict[Place, int] = {}
    notes.lines = lines
    data = _plain(node, (), lines, notes) if node is not None else None
    notes.settle()
    return data, lines


def _plain(node: yaml.Node, place: Place, lines: dict[Place, int], notes: Notes) -> object:
    lines[place] = node.start_mark.line + 1
    if node.tag not in _OWN_TAGS:
        notes.add(place, "tags are not read")
    if isinstance(node, yaml.MappingNode):
        return _map(node, place, lines, notes)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(inner, (*place, number), lines, notes) for number, inner in enumerate(node.value)]
    return _scalar(node)


def _map(node: yaml.MappingNode, place: Place, lines: dict[Place, int], notes: Notes) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            notes.add(place, "a name is a single word")
            continue
        name = str(key.value)
        if name in found:
            lines[(*place, name)] = key.start_mark.line + 1
            notes.add((*place, name), "the name stands twice")
        found[name] = _plain(value, (*place, name), lines, notes)
        lines[(*place, name)] = key.start_mark.line + 1
    return found


def _scalar(node: yaml.Node) -> object:
    text = str(node.value)
    if isinstance(node, yaml.ScalarNode) and node.style is None:
        if text in _WORDS:
            return _WORDS[text]
        if _NUMBER.fullmatch(text):
            return int(text)
    return text
