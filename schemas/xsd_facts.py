"""The facts of a published XSD 1.0.

What it is: every element and attribute from the roots down, with what its type says. What it is not: a validator,
nor a reader of every schema that there can be: groups, extension and substitution, which ours do not use, are not
read. Called by whoever compares two schemas.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from lxml import etree

from schemas.compatibility import Fact, Facts, Path
from schemas.json_facts import MAX_DEPTH, VERSION, UnknownSchemaForm, gathered

Element = etree._Element  # lxml offers no public name for its element type
_XS: Final = "{http://www.w3.org/2001/XMLSchema}"


def facts_of_xsd(schema: Element) -> Facts:
    """All facts, by path. Raises `UnknownSchemaForm`."""
    if schema.tag != f"{_XS}schema":
        raise UnknownSchemaForm("This is no XML Schema.")
    reading = _Reading(schema)
    try:
        return gathered(fact for root in schema.findall(f"{_XS}element") for fact in reading.element("", root, _Place()))
    except UnknownSchemaForm:
        raise
    except ValueError as error:
        raise UnknownSchemaForm("A number or a facet is not as it must be.") from error


@dataclass(frozen=True, slots=True)
class _Place:
    """Where among its siblings something stands, and what is around it."""

    order: int | None = None
    optional: bool = False
    repeats: float = 1
    depth: int = 0


class _Reading:
    """One walk; knows the named types."""

    def __init__(self, schema: Element) -> None:
        self._version = schema.get("version", "")
        self._prefixes = {prefix: namespace for prefix, namespace in schema.nsmap.items() if namespace}
        self._types = {node.get("name", ""): node for node in schema if node.tag in (f"{_XS}simpleType", f"{_XS}complexType")}
        self._elements = {node.get("name", ""): node for node in schema.findall(f"{_XS}element")}

    def element(self, above: Path, node: Element, place: _Place) -> Iterator[tuple[Path, Fact]]:
        """An element, then what is in it."""
        if place.depth > MAX_DEPTH:
            raise UnknownSchemaForm(f"{above.partition('/')[0]} is nested without end, or too deeply.")
        least, most = _occurs(node)
        if node.get("ref"):
            node = self._referred(node.get("ref", ""))
        path = "/".join(filter(None, (above, node.get("name"))))
        top = _most(most * place.repeats)
        around = Fact(type="", required=least > 0 and not place.optional, order=place.order, least=_many(least), most=top)
        kind = self._type_of(node)
        if isinstance(kind, str) or kind.tag == f"{_XS}simpleType":
            yield path, self._simple(kind, around, node)
            return
        yield path, replace(around, type="elements", closed=True)
        yield from self._content(path, kind, place.depth + 1)

    def _content(self, path: Path, kind: Element, depth: int) -> Iterator[tuple[Path, Fact]]:
        for child in kind.iterchildren(f"{_XS}*"):
            match child.tag.removeprefix(_XS):
                case "annotation":
                    pass
                case "sequence" | "choice" | "all":
                    yield from self._group(path, child, _Place(depth=depth), "")
                case "attribute":
                    name = f"{path}/@{child.get('name')}"
                    yield name, self._simple(self._type_of(child), Fact(type="", required=child.get("use") == "required"), child)
                case other:
                    raise UnknownSchemaForm(f"xs:{other} is not read.")

    def _group(self, path: Path, group: Element, place: _Place, mark: str) -> Iterator[tuple[Path, Fact]]:
        """A choice is a fact of its own, since one of its members must stand though none of them must."""
        least, most = _occurs(group)
        which = group.tag.removeprefix(_XS)
        optional = place.optional or least == 0 or which == "choice"
        if which == "choice":
            mark += f"(choice {place.order or 0})"
            around = Fact(type="choice", required=least > 0 and not place.optional, order=place.order, least=_many(least), most=_most(most * place.repeats))
            yield f"{path}/{mark}", around
        for number, child in enumerate(part for part in group.iterchildren(f"{_XS}*") if part.tag != f"{_XS}annotation"):
            inner = _Place(place.order if which == "choice" else None if which == "all" else number, optional, place.repeats * most, place.depth)
            if child.tag == f"{_XS}element":
                yield from self.element(path, child, inner)
            elif child.tag in (f"{_XS}sequence", f"{_XS}choice"):
                yield from self._group(path, child, inner, mark)
            else:
                raise UnknownSchemaForm(f"xs:{child.tag.removeprefix(_XS)} is not read.")

    def _referred(self, name: str) -> Element:
        local = _local(name)
        if local not in self._elements:
            raise UnknownSchemaForm("An element is referred to that is not there.")
        return self._elements[local]

    def _type_of(self, node: Element) -> Element | str:
        """The node of a type, or the name of a built-in one."""
        name = node.get("type")
        if name is None:
            inside = [child for child in node if child.tag in (f"{_XS}simpleType", f"{_XS}complexType")]
            return inside[0] if inside else "xs:anyType"
        return self._named(name)

    def _named(self, name: str) -> Element | str:
        prefix, colon, local = name.rpartition(":")
        if self._prefixes.get(prefix if colon else None) == _XS[1:-1]:
            return f"xs:{local}"
        if local not in self._types:
            raise UnknownSchemaForm("A type is named that is not there.")
        return self._types[local]

    def _simple(self, kind: Element | str, around: Fact, node: Element | None = None) -> Fact:
        fixed = node.get("fixed") if node is not None else None
        found = self._facets(kind, around)
        return found if fixed is None else replace(found, values=(self._shown(fixed),))

    def _facets(self, kind: Element | str, around: Fact, depth: int = 0) -> Fact:
        if isinstance(kind, str):
            return replace(around, type=kind)
        if depth > MAX_DEPTH:
            raise UnknownSchemaForm("A type of values is nested in itself.")
        union = kind.find(f"{_XS}union")
        if union is not None:
            return self._union([self._named(name) for name in union.get("memberTypes", "").split()], around, depth + 1)
        restriction = kind.find(f"{_XS}restriction")
        if restriction is None:
            raise UnknownSchemaForm("A type of values is neither a restriction nor a union.")
        return self._restricted(restriction, self._facets(self._named(restriction.get("base", "")), around, depth + 1))

    def _union(self, members: list[Element | str], around: Fact, depth: int) -> Fact:
        """One that holds nothing and another are the other, which may be empty."""
        told = [self._facets(member, around, depth) for member in members]
        full = [fact for fact in told if fact.max_length != 0]
        if len(full) == 1:
            return replace(full[0], empty=len(full) < len(told))
        return replace(around, type="union", rules=tuple(sorted(repr(fact) for fact in told)))

    def _restricted(self, restriction: Element, found: Fact) -> Fact:
        said: dict[str, list[str]] = {}
        for facet in restriction.iterchildren(f"{_XS}*"):
            said.setdefault(facet.tag.removeprefix(_XS), []).append(facet.get("value", ""))
        said.pop("annotation", None)
        forms, values = said.pop("pattern", []), said.pop("enumeration", None)
        low, high = (said.pop(name, [None])[0] for name in ("minLength", "maxLength"))
        (exact,) = said.pop("length", [None])
        least, most = (said.pop(name, [None])[0] for name in ("minInclusive", "maxInclusive"))
        return replace(
            found,
            min_length=int(exact or low or found.min_length),
            max_length=found.max_length if (exact or high) is None else int(exact or high or 0),
            minimum=found.minimum if least is None else _number(least),
            maximum=found.maximum if most is None else _number(most),
            form=(*found.form, *(["|".join(forms)] if forms else [])),
            values=found.values if values is None else tuple(self._shown(value) for value in values),
            rules=(*found.rules, *(f"{name}={value}" for name, told in sorted(said.items()) for value in told)),
        )

    def _shown(self, value: str) -> str:
        return VERSION if value and value == self._version else value


def _occurs(node: Element) -> tuple[int, float]:
    most = node.get("maxOccurs", "1")
    return int(node.get("minOccurs", "1")), float("inf") if most == "unbounded" else int(most)


def _many(least: int) -> int:
    """That something must stand at all is said elsewhere."""
    return least if least > 1 else 0


def _most(most: float) -> int | None:
    return None if most == float("inf") else int(most)


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _local(name: str) -> str:
    return name.rpartition(":")[2]
