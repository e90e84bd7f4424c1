"""The facts of a published JSON Schema (draft 2020-12).

What it is: every place of every form in it, with what is said there. What it is not: a validator, nor a reader of
every schema that there can be: what it does not know of by name it keeps as a rule, to be compared as written.
Called by whoever compares two schemas.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from math import isfinite
from typing import Final

from schemas.compatibility import Fact, Facts, Limit, Path

Node = Mapping[str, object]
Resolve = Callable[[str], Node]
VERSION: Final = "(version)"
"""Stands for the version that a schema is of: it differs by intention."""
MAX_DEPTH: Final = 24
MAX_FACTS: Final = 50_000
"""Types that name types twice, and so on, would be more than anybody can read."""
_MAX_PARTS: Final = 100
"""Schemas of one place."""
_DEFS: Final = "#/$defs/"
_KNOWN: Final = frozenset(
    {"type", "required", "properties", "additionalProperties", "items", "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum"}
    | {"pattern", "format", "enum", "const", "$ref", "allOf", "anyOf", "if", "then", "else", "$defs"}
)
_SAID: Final = frozenset({"$schema", "$id", "$comment", "title", "description", "default", "examples", "deprecated", "x-class"})
"""Words for people: they refuse nothing."""


class UnknownSchemaForm(ValueError):
    """This is no schema that can be compared."""


def facts_of_json(schema: Node) -> Facts:
    """All facts, by path. Raises `UnknownSchemaForm`."""
    try:
        return _facts_of(schema)
    except (TypeError, OverflowError) as error:
        raise UnknownSchemaForm("A keyword holds what it cannot hold.") from error


def _facts_of(schema: Node) -> Facts:
    reading = _Reading(_node(schema.get("$defs", {})), str(schema.get("$id", "")).rpartition(":")[2])
    forms = schema.get("oneOf")
    if not isinstance(forms, list):
        return gathered(reading.walk("document", schema, required=True, depth=0))
    return gathered(fact for form in _nodes(forms) for fact in reading.walk(_name_of(form), form, required=False, depth=0))


def gathered(found: Iterator[tuple[Path, Fact]]) -> Facts:
    """All of them, as long as they are not too many. Raises `UnknownSchemaForm`."""
    facts = dict(islice(found, MAX_FACTS + 1))
    if len(facts) > MAX_FACTS:
        raise UnknownSchemaForm("There are too many places in it.")
    return facts


class _Reading:
    """One walk; knows the definitions."""

    def __init__(self, defs: Node, version: str) -> None:
        self._defs = defs
        self._version = version

    def walk(self, path: Path, schema: Node, *, required: bool, depth: int) -> Iterator[tuple[Path, Fact]]:
        """The fact of this place, then those inside."""
        if depth > MAX_DEPTH:
            raise UnknownSchemaForm(f"{path.partition('/')[0]} is nested without end, or too deeply.")
        whole, empty = self._without_null(_Merged().take(schema, self._resolve))
        yield path, self._fact(whole, required=required, empty=empty)
        needed = whole.required
        for name, member in whole.members.items():
            yield from self.walk(f"{path}/{name}", {"allOf": member}, required=name in needed, depth=depth + 1)
        if whole.items:
            yield from self.walk(f"{path}/[]", {"allOf": whole.items}, required=False, depth=depth + 1)

    def _resolve(self, name: str) -> Node:
        if not name.startswith(_DEFS) or name.removeprefix(_DEFS) not in self._defs:
            raise UnknownSchemaForm("A $ref leads out of the schema, or nowhere.")
        return _node(self._defs[name.removeprefix(_DEFS)])

    def _without_null(self, whole: "_Merged") -> tuple["_Merged", bool]:
        """`anyOf: [x, null]` is x, which may be empty."""
        for choice in whole.choices:
            others = [one for one in choice if one != {"type": "null"}]
            if len(others) == 1:
                whole.choices.remove(choice)
                inner, empty = self._without_null(whole.take(others[0], self._resolve))
                return inner, empty or len(others) < len(choice)
        empty = bool(whole.types) and all("null" in kinds for kinds in whole.types) and set.intersection(*whole.types) != {"null"}
        return whole, empty

    def _fact(self, whole: "_Merged", *, required: bool, empty: bool) -> Fact:
        types = set.intersection(*whole.types) if whole.types else set()
        return Fact(
            type=" or ".join(sorted(types - {"null"} if empty else types)) or ("any of a list" if whole.lists else "any"),
            required=required,
            empty=empty,
            least=int(max(whole.bounds("minItems"), default=0)),
            most=_whole(min(whole.bounds("maxItems"), default=None)),
            min_length=int(max(whole.bounds("minLength"), default=0)),
            max_length=_whole(min(whole.bounds("maxLength"), default=None)),
            minimum=max(whole.bounds("minimum"), default=None),
            maximum=min(whole.bounds("maximum"), default=None),
            form=tuple(dict.fromkeys(whole.forms)),
            values=self._values(whole.lists),
            closed=whole.closed,
            rules=tuple(sorted({*whole.rules, *(_text({"anyOf": choice}) for choice in whole.choices)})),
        )

    def _values(self, lists: list[list[object]]) -> tuple[str, ...] | None:
        if not lists:
            return None
        common = [value for value in lists[0] if all(value in other for other in lists)]
        return tuple(VERSION if value == self._version else value if isinstance(value, str) else _text(value) for value in common)


class _Merged:
    """Schemas of one place that must all hold, put together."""

    def __init__(self) -> None:
        self.types: list[set[str]] = []
        self.required: set[str] = set()
        self.members: dict[str, list[Node]] = {}
        self.items: list[Node] = []
        self.forms: list[str] = []
        self.lists: list[list[object]] = []
        self.choices: list[list[Node]] = []
        self.rules: list[str] = []
        self.closed = False
        self._bounds: dict[str, list[Limit]] = {}
        self._taken = 0

    def bounds(self, name: str) -> list[Limit]:
        """All that was said under this keyword."""
        return self._bounds.get(name, [])

    def take(self, schema: Node, resolve: Resolve) -> "_Merged":
        """Add one more schema, and what it refers to. Raises `UnknownSchemaForm` where that goes round."""
        self._taken += 1
        if self._taken > _MAX_PARTS:
            raise UnknownSchemaForm("A definition is nested in itself.")
        self._take_type(schema)
        self._take_content(schema)
        for name in ("minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum"):
            limit = schema.get(name)
            if isinstance(limit, int | float) and isfinite(limit):
                self._bounds.setdefault(name, []).append(limit)
        self.rules += [_text({name: schema[name]}) for name in schema if name not in _KNOWN | _SAID]
        if "if" in schema:
            self.rules.append(_text({name: schema[name] for name in ("if", "then", "else") if name in schema}))
        if "anyOf" in schema:
            self.choices.append(_nodes(schema["anyOf"]))
        if "$ref" in schema:
            self.take(resolve(str(schema["$ref"])), resolve)
        for inner in _nodes(schema.get("allOf", [])):
            self.take(inner, resolve)
        return self

    def _take_type(self, schema: Node) -> None:
        kinds = schema.get("type")
        if kinds is not None:
            self.types.append(set(kinds) if isinstance(kinds, list) else {str(kinds)})
        self.forms += [str(schema[name]) for name in ("pattern", "format") if name in schema]
        if "const" in schema:
            self.lists.append([schema["const"]])
        listed = schema.get("enum")
        if isinstance(listed, list):
            self.lists.append(listed)

    def _take_content(self, schema: Node) -> None:
        for name, member in _node(schema.get("properties", {})).items():
            self.members.setdefault(name, []).append(_node(member))
        needed = schema.get("required")
        self.required |= set(needed) if isinstance(needed, list) else set()
        self.items += [_node(schema["items"])] if "items" in schema else []
        self.closed = self.closed or schema.get("additionalProperties") is False


def _node(value: object) -> Node:
    if not isinstance(value, dict):
        raise UnknownSchemaForm("An object was expected in the schema.")
    return value


def _nodes(value: object) -> list[Node]:
    return [_node(one) for one in value] if isinstance(value, list) else []


def _name_of(form: Node) -> str:
    return str(form.get("$ref", "document")).removeprefix(_DEFS)


def _whole(limit: Limit | None) -> int | None:
    return None if limit is None else int(limit)


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
