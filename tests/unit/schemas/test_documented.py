"""Every field of every model says what it means, so that schemas and pages do."""

import json
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from adapters.agencies.canonical.schema import json_schema
from adapters.agencies.ndelius.interchange import InterchangeHeader
from adapters.json_form import Form
from schemas.canonical.case import Deletion
from schemas.catalogue import ANSWERS, CATALOGUE
from schemas.leaves import parts_of_type
from schemas.payload import Concept
from schemas.versions import VERSIONS


def _within(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        for inner in parts_of_type(field.annotation):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from _within(inner)


OUTERMOST = (Form, InterchangeHeader, Deletion, *CATALOGUE.values(), *ANSWERS.values())
MODELS = list(dict.fromkeys(inner for outer in OUTERMOST for inner in _within(outer)))


def _without_words(model: type[BaseModel]) -> list[str]:
    return [name for name, field in model.model_fields.items() if not (field.description or "").endswith((".", ")"))]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_has_a_sentence(model: type[BaseModel]) -> None:
    assert _without_words(model) == []
    assert (model.__doc__ or "").strip()


def test_a_field_without_one_would_be_found() -> None:
    class Bare(Concept):
        told: str
        """Has one."""
        untold: str

    assert _without_words(Bare) == ["untold"]


def test_what_messages_are_made_of_is_among_them() -> None:
    assert {"FormHeader", "Coded", "Team", "Responsibility", "EntityVersion", "TransferRequestPart", "MessageStatus"} <= {model.__name__ for model in MODELS}


@pytest.mark.parametrize("version", VERSIONS)
def test_published_schema_carries_every_sentence(version: str) -> None:
    """Pydantic leaves a sentence out where the definition that is referred to has the very same."""
    definitions = json.loads(json_schema(version))["$defs"]
    for model in MODELS:
        for name, field in model.model_fields.items() if model.__name__ in definitions else ():
            member = definitions[model.__name__]["properties"][name]
            told = member.get("description") or definitions[member["$ref"].rpartition("/")[2]]["description"]
            assert told.startswith(" ".join((field.description or "").split())), (model, name)
