"""A plain sample with its structure changed in one place is refused, or what is read differs exactly there.

Every element of every plain sample is deleted, doubled, moved, renamed, wrapped, emptied, given an attribute, an
unknown child or a neighbouring text. What is read of the changed document is written again; its infoset must be
that of the changed document: nothing that was changed is overlooked, nothing else is lost or made up.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from lxml import etree

from adapters.agencies.ndelius.adapter import NdeliusAdapter
from adapters.agencies.ndelius.writing import write_interchange
from adapters.contract import Outgoing
from schemas.envelope import Entry, Header, Interchange, Message
from schemas.faults import Refusal
from schemas.identifiers import MessageId
from tests.support.dialects import SPG, VECTORS, infoset

SAMPLES = sorted(path for path in (VECTORS / "plain").glob("*.xml") if not path.name.startswith("SPGInterchangeResponse"))
Mutation = Callable[[etree._Element], bool]
"""Changes one place of a tree; False where there is nothing to change."""


def delete(element: etree._Element) -> bool:
    parent = element.getparent()
    if parent is None:
        return False
    parent.remove(element)
    return True


def double(element: etree._Element) -> bool:
    if element.getparent() is None:
        return False
    element.addnext(copy.deepcopy(element))
    return True


def swap(element: etree._Element) -> bool:
    following = element.getnext()
    if following is None:
        return False
    following.addnext(element)
    return True


def rename(element: etree._Element) -> bool:
    element.tag = f"{element.tag}x"
    return True


def leave_the_namespace(element: etree._Element) -> bool:
    element.tag = f"{{urn:elsewhere}}{etree.QName(element).localname}"
    return True


def add_unknown(element: etree._Element) -> bool:
    etree.SubElement(element, f"{SPG}Unknown")
    return True


def add_unknown_first(element: etree._Element) -> bool:
    element.insert(0, element.makeelement(f"{SPG}Unknown"))
    return True


def wrap(element: etree._Element) -> bool:
    parent = element.getparent()
    if parent is None:
        return False
    around = element.makeelement(f"{SPG}Wrapped")
    parent.replace(element, around)
    around.append(element)
    return True


def unwrap(element: etree._Element) -> bool:
    parent = element.getparent()
    if parent is None or not len(element):
        return False
    for child in reversed(list(element)):
        element.addnext(child)
    parent.remove(element)
    return True


def text_after(element: etree._Element) -> bool:
    if element.getparent() is None:
        return False
    element.tail = "stray"
    return True


def text_before(element: etree._Element) -> bool:
    if not len(element):
        return False
    element.text = "stray"
    return True


def add_attribute(element: etree._Element) -> bool:
    element.set("unknown", "1")
    return True


def add_comment(element: etree._Element) -> bool:
    element.append(etree.Comment("hidden"))
    return True


def empty(element: etree._Element) -> bool:
    if not len(element) and not element.text:
        return False
    del element[:]
    element.text = None
    return True


MUTATIONS: tuple[Mutation, ...] = (
    delete,
    double,
    swap,
    rename,
    leave_the_namespace,
    add_unknown,
    add_unknown_first,
    wrap,
    unwrap,
    text_after,
    text_before,
    add_attribute,
    add_comment,
    empty,
)
NEVER_READ = frozenset(MUTATIONS) - {delete, double, swap, empty}
"""No document of SPG can have been changed so."""


OWN: Mapping[str, Callable[[Header], object]] = {
    "ApplicationReference": lambda header: header.application,
    "TestIndicator": lambda header: header.test,
}
"""Of the interchange header: read as not stated where absent or empty, and always written with a value of the gateway's."""


def mutations(content: bytes) -> Iterator[tuple[str, Mutation, bytes]]:
    """Every document that one change at one element gives, with the place and the change."""
    original = etree.fromstring(content)
    tree = original.getroottree()
    for number, element in enumerate(original.iter()):
        for mutation in MUTATIONS:
            changed = copy.deepcopy(original)
            if mutation(next(found for place, found in enumerate(changed.iter()) if place == number)):
                yield tree.getpath(element), mutation, etree.tostring(changed)


def written_again(interchange: Interchange) -> bytes:
    """What was read, as this gateway writes it under the facts that the document itself named."""
    entries = [entry for entry in interchange.entries if isinstance(entry, Entry)]
    assert len(entries) == len(interchange.entries)
    outgoing = Outgoing(
        sender=interchange.sender,
        recipient=interchange.recipients[0],
        control_reference=interchange.control_reference,
        answers=interchange.answers,
        version=interchange.version,
        prepared_at=interchange.prepared_at,
        application=entries[0].header.application or "SPG",
        reduced_deletes=True,
        message_statuses=True,
    )
    return write_interchange([Message(MessageId("m"), entry.header, entry.payload) for entry in entries], outgoing).content


def read(content: bytes) -> Interchange | None:
    """None for a refusal, of the whole or of a message."""
    try:
        interchange = NdeliusAdapter().read(content)
    except Refusal:
        return None
    misread = [entry for entry in interchange.entries if not isinstance(entry, Entry)]
    assert all(fault.pointer.startswith("/SPGInterchange") for entry in misread for fault in entry.faults)
    return None if misread else interchange


def without_own(content: bytes) -> object:
    """The infoset without what the gateway states anew in every interchange header that it writes."""
    root = etree.fromstring(content)
    for name in OWN:
        for element in root.findall(f"{SPG}SPGInterchangeHeader/{SPG}{name}"):
            root[0].remove(element)
    return infoset(etree.tostring(root))


def accepted(content: bytes) -> Interchange:
    """What is read of a sample that must be taken."""
    interchange = read(content)
    assert interchange is not None
    return interchange


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_one_change_is_refused_or_is_all_that_differs(path: Path) -> None:
    content = path.read_bytes()
    original = etree.fromstring(content)
    assert infoset(written_again(accepted(content))) == infoset(content)
    changes = 0
    for place, mutation, changed in mutations(content):
        changes += 1
        interchange = read(changed)
        if interchange is None:
            continue
        assert mutation not in NEVER_READ, (place, mutation.__name__)
        again, (element,) = written_again(interchange), original.xpath(place)
        own = OWN.get(etree.QName(element).localname) if element.getparent() is original[0] else None
        if own is None:
            assert infoset(again) == infoset(changed), (place, mutation.__name__)
        else:
            assert {own(entry.header) for entry in interchange.entries if isinstance(entry, Entry)} == {None}
            assert without_own(again) == without_own(changed), (place, mutation.__name__)
    assert changes > 250


def test_samples_are_all_there() -> None:
    assert len(SAMPLES) == 43
