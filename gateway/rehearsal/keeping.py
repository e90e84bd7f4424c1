"""Keeping: what becomes of a document's values in a simulated case system, and how two ends compare it.

What it is: the document as it is kept, which is as it came unless the system has a flaw, and one form of it whose
digest a journal can note. What it is not: storage. Called by the case systems and, for what it sent, by the
conformance kit.
"""

import json
from collections.abc import Mapping

from lxml import etree

from gateway.rehearsal.flaws import Flaw, Flaws


def kept_of(value: object, flaws: Flaws) -> object:
    """A value of a document as this system keeps it."""
    if isinstance(value, Mapping):
        lossy = flaws.has(Flaw.LOSES_EMPTY_VERSUS_ABSENT)
        return {name: kept_of(inner, flaws) for name, inner in value.items() if not (lossy and inner is None)}
    if isinstance(value, list | tuple):
        return [kept_of(inner, flaws) for inner in value]
    return _kept_text(value, flaws) if isinstance(value, str) else value


def _kept_text(text: str, flaws: Flaws) -> str:
    if flaws.has(Flaw.TRUNCATES_LONG_TEXT):
        text = text[: int(flaws.argument(Flaw.TRUNCATES_LONG_TEXT))]
    if flaws.has(Flaw.GARBLES_SPECIAL_CHARACTERS):
        text = text.encode("latin-1", "replace").decode("latin-1")
    return text


def comparable(value: object) -> bytes:
    """The same bytes for the same values, whatever their order."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def tree_of(element: etree._Element) -> object:
    """An XML element as values: names, texts, and None where an element is there and empty."""
    name = etree.QName(element).localname
    if len(element) == 0:
        return [name, element.text or None]
    return [name, [tree_of(child) for child in element if isinstance(child.tag, str)]]


def kept_tree(tree: object, flaws: Flaws) -> object:
    """The same for values that came in XML: there, losing an empty element is losing it from its parent."""
    if isinstance(tree, list) and len(tree) == 2 and isinstance(tree[1], list):
        lossy = flaws.has(Flaw.LOSES_EMPTY_VERSUS_ABSENT)
        return [tree[0], [kept_tree(child, flaws) for child in tree[1] if not (lossy and isinstance(child, list) and child[1] is None)]]
    if isinstance(tree, list) and len(tree) == 2 and isinstance(tree[1], str):
        return [tree[0], _kept_text(tree[1], flaws)]
    return tree
