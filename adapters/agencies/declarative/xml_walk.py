"""An XML document to levels and back.

What it is: elements and attributes as the record has them, in any order when read and in the record's when written.
What it is not: the hardened parser (see `adapters.xml_form`).
"""

from typing import Final
from xml.sax.saxutils import quoteattr

from lxml import etree

from adapters.agencies.declarative.language import Xml
from adapters.agencies.declarative.tables import Cell, Level, Record, Repeats, Steps
from adapters.xml_form import parse_plain
from schemas.faults import Fault, FaultCode, refuse

_INSTANCE: Final = "{http://www.w3.org/2001/XMLSchema-instance}"


class XmlDocument:
    """The root of a document, its header and its message."""

    def __init__(self, content: bytes, xml: Xml) -> None:
        """Refuses what is no such document."""
        self._namespace = f"{{{xml.namespace}}}" if xml.namespace else ""
        root = parse_plain(content)
        self._where = f"/{xml.root}"
        if root.tag != self._namespace + xml.root:
            raise refuse(FaultCode.STRUCTURE_INVALID, f"The document is no {xml.root}.", pointer="/")
        if _has_text(root) or any(not name.startswith(_INSTANCE) for name in map(str, root.keys())):
            raise refuse(FaultCode.STRUCTURE_INVALID, "It holds nothing but the header and the message.", pointer=self._where)
        names = [self._name(child) for child in root]
        if names.count(xml.header) != 1:
            code = FaultCode.ELEMENT_REPEATED if xml.header in names else FaultCode.ELEMENT_MISSING
            raise refuse(code, "There is one header.", pointer=f"{self._where}/{xml.header}")
        self._header = next(child for child in root if self._name(child) == xml.header)
        self._others = [child for child in root if child is not self._header]
        self._header_name = xml.header

    def header(self, record: Record) -> Level:
        """The places of the header."""
        return self._level(self._header, record, f"{self._where}/{self._header_name}")

    def message(self, called: str, record: Record) -> Level:
        """The places of the message, which is the only other element."""
        where = f"{self._where}/{called}"
        found = next((child for child in self._others if self._name(child) == called), None)
        if found is None:
            raise refuse(FaultCode.ELEMENT_MISSING, "It is mandatory here.", pointer=where)
        level = self._level(found, record, where)
        for child in self._others:
            if child is not found:
                repeated = self._name(child) == called
                code = FaultCode.ELEMENT_REPEATED if repeated else FaultCode.ELEMENT_UNKNOWN
                level.faults.append(Fault(code, "A document holds one message.", f"{self._where}/{self._name(child)}{'[2]' if repeated else ''}"))
        return level

    def _name(self, element: etree._Element) -> str:
        """A name as a pointer shows it: without the namespace of the document, and bounded."""
        tag = str(element.tag)
        local = tag.removeprefix(self._namespace) if self._namespace else tag
        return local[:64]

    def _level(self, element: etree._Element, record: Record, where: str) -> Level:
        level = Level(lambda steps: "/".join((where, *steps)))
        self._walk(element, (), record, level)
        return level

    def _walk(self, element: etree._Element, above: Steps, record: Record, level: Level) -> None:
        lists = {repeats.place: repeats for repeats in record.lists}
        self._attributes(element, above, record, level)
        if _has_text(element):
            level.faults.append(Fault(FaultCode.STRUCTURE_INVALID, "There is text between elements.", level.locate(above)))
        level.lists |= {place: [] for place in lists if len(place) > 1 and place[:-1] == above}
        seen: set[Steps] = set()
        for child in element:
            steps = (*above, self._name(child))
            if steps in lists:
                self._item(child, lists[steps], level)
            elif steps in seen:
                level.faults.append(Fault(FaultCode.ELEMENT_REPEATED, "It stands more than once.", level.locate(steps) + "[2]"))
            else:
                self._single(child, steps, record, level)
            seen.add(steps)

    def _single(self, child: etree._Element, steps: Steps, record: Record, level: Level) -> None:
        if steps in record.leaves:
            self._leaf(child, steps, record, level)
        elif steps in record.inner:
            self._walk(child, steps, record, level)
        else:
            level.faults.append(Fault(FaultCode.ELEMENT_UNKNOWN, "There is no such element here.", level.locate(steps)))

    def _item(self, child: etree._Element, repeats: Repeats, level: Level) -> None:
        items = level.lists.setdefault(repeats.place, [])
        if isinstance(items, list):
            items.append(self._level(child, repeats.record, f"{level.locate(repeats.place)}[{len(items) + 1}]"))

    def _leaf(self, child: etree._Element, steps: Steps, record: Record, level: Level) -> None:
        self._attributes(child, steps, record, level)
        if len(child):
            level.cells[steps] = Cell(None, Fault(FaultCode.STRUCTURE_INVALID, "Text was expected, not elements.", level.locate(steps)))
        else:
            level.cells[steps] = Cell((child.text or "").strip() or None)

    def _attributes(self, element: etree._Element, above: Steps, record: Record, level: Level) -> None:
        for name, value in element.items():
            steps = (*above, f"@{str(name)[:64]}")
            if steps in record.leaves:
                level.cells[steps] = Cell(str(value).strip() or None)
            else:
                level.faults.append(Fault(FaultCode.ELEMENT_UNKNOWN, "There is no such attribute here.", level.locate(steps)))


def _has_text(element: etree._Element) -> bool:
    texts = [element.text, *(child.tail for child in element)]
    return any(text and not str(text).isspace() for text in texts)


def written(xml: Xml, header: Level, called: str, level: Level) -> bytes:
    """The bytes of a document."""
    namespace = f"{{{xml.namespace}}}" if xml.namespace else ""
    root = etree.fromstring(f"<{xml.root} xmlns={quoteattr(xml.namespace)}/>" if xml.namespace else f"<{xml.root}/>")
    _fill(etree.SubElement(root, namespace + xml.header), header, namespace)
    _fill(etree.SubElement(root, namespace + called), level, namespace)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _fill(element: etree._Element, level: Level, namespace: str) -> None:
    for steps, cell in level.cells.items():
        text = "" if cell.value is None else str(cell.value)
        if steps[-1].startswith("@"):
            _reached(element, steps[:-1], namespace).set(steps[-1][1:], text)
        else:
            _reached(element, steps, namespace).text = text or None
    for steps, items in level.lists.items():
        holder = _reached(element, steps[:-1], namespace)
        for one in items if isinstance(items, list) else []:
            if isinstance(one, Level):
                _fill(etree.SubElement(holder, namespace + steps[-1]), one, namespace)


def _reached(element: etree._Element, steps: Steps, namespace: str) -> etree._Element:
    """The element at a place, made where it is not there yet."""
    for step in steps:
        found = element.find(namespace + step)
        element = etree.SubElement(element, namespace + step) if found is None else found
    return element
