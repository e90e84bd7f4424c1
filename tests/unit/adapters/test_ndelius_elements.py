"""Our tables against the element lists of the public payload templates, which were written down apart from them.

`tests/vectors/spg/elements.json` holds names and order as the templates write them; a question mark stands after
what a template writes only on a condition. Where we differ, it is named here with the reason.
"""

import json
from typing import Final

import pytest

from adapters.agencies.ndelius.answers import interchange_response
from adapters.agencies.ndelius.documents import Block, Record, Shape
from adapters.agencies.ndelius.tables import ANSWERS, APPLICATION, CONTROL_DATA, SHAPES, TEST
from schemas.catalogue import ANSWERING, CATALOGUE
from schemas.catalogue import ANSWERS as ANSWER_TYPES
from tests.support.dialects import VECTORS, infoset

_ELEMENTS: Final[dict[str, dict[str, object]]] = json.loads((VECTORS / "elements.json").read_text())
_EMPTY_ALLOWED: Final = {
    "Address": {"HouseNumber", "StreetName", "District", "TownCity", "County", "Postcode"},
    "CommunityRequirement": {"RequirementTypeSubCategory", "Length"},
}
"""The templates write them always. Nobody has every line of an address, and not every category of a requirement
has a sub-category or a length; so we write them always, and take them empty."""
_ALWAYS: Final = ["SenderIdentity", "ReceiverIdentity", "SenderControlReference", "DateOfPreparation", "TimeOfPreparation"]


def _names(record: Record) -> list[str]:
    return [record.element, *(leaf.element + ("" if leaf.required else "?") for leaf in record.leaves)]


def _block(block: Block, **kind: str) -> dict[str, object]:
    return {**kind, "top": block.top, "details": block.details, "records": [_names(record) for record in block.records]}


def _blocks(shape: Shape) -> list[dict[str, object]]:
    assert shape.block is not None
    return [_block(shape.block), *(_block(part.block, kind=part.kind) for part in shape.parts)]


def _header(shape: Shape) -> list[str]:
    """In the order of the wire. What only a connection test may leave out is optional there."""
    free = "?" if CONTROL_DATA in shape.header else ""
    answers = "" if shape.type in ANSWERING else "?"
    optional = {ANSWERS: ANSWERS + answers, APPLICATION: APPLICATION + free, TEST: TEST + free, CONTROL_DATA: CONTROL_DATA + free}
    order = [*_ALWAYS[:3], ANSWERS, *_ALWAYS[3:], APPLICATION, TEST, CONTROL_DATA]
    return [optional.get(name, name) for name in order if name in shape.header or name in _ALWAYS]


def _by_kind(blocks: list[dict[str, object]]) -> dict[object, dict[str, object]]:
    return {block.get("kind"): block for block in blocks}


def test_all_25_messages_are_listed_and_spoken() -> None:
    assert set(_ELEMENTS) == set(SHAPES) | set(ANSWER_TYPES)
    assert set(SHAPES) == set(CATALOGUE)
    assert len(_ELEMENTS) == 25


@pytest.mark.parametrize("kind", sorted(SHAPES))
def test_elements_are_those_of_the_template_in_its_order(kind: str) -> None:
    shape, listed = SHAPES[kind], _ELEMENTS[kind]
    if shape.plain is not None:
        assert _names(shape.plain) == [kind, *listed["elements"]]
    else:
        assert _by_kind(_blocks(shape)) == _by_kind(listed["blocks"])
        assert len(_blocks(shape)) == len(listed["blocks"])


@pytest.mark.parametrize("kind", sorted(SHAPES))
def test_header_and_schema_location_are_those_of_the_template(kind: str) -> None:
    assert _header(SHAPES[kind]) == _ELEMENTS[kind]["header"]
    assert SHAPES[kind].schema_location is _ELEMENTS[kind]["schema_location"]


def test_only_what_is_named_here_may_be_empty_though_it_is_mandatory() -> None:
    for kind, shape in SHAPES.items():
        records = [record for block in (shape.block, *(part.block for part in shape.parts)) if block for record in block.records]
        assert {leaf.element for record in records for leaf in record.leaves if leaf.empty} == _EMPTY_ALLOWED.get(kind, set())


def test_a_reduced_delete_is_the_template_cut_to_its_key() -> None:
    """No template shows one: its form is our reading, and stands and falls with the whole form's first element."""
    for kind, shape in SHAPES.items():
        if shape.reduced is None:
            continue
        (whole,) = _ELEMENTS[kind]["blocks"]
        key = [whole["records"][2][0], whole["records"][2][1]]
        assert _block(shape.reduced) == {**whole, "details": whole["details"] + "D", "records": [*whole["records"][:2], key]}


def test_the_synchronous_answer_has_one_element() -> None:
    (name,) = _ELEMENTS["SPGInterchangeResponse"]["elements"]
    tag, _, _, children = infoset(interchange_response(200))
    assert tag.endswith("}SPGInterchangeResponse")
    assert [child[0].rpartition("}")[2] for child in children] == [name]
