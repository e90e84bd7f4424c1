"""The page on mappings tells the truth: its example is a mapping that is proved, and the schema is the model's."""

import json
import re

import jsonschema
import pytest

from adapters.agencies.declarative.adapter import load
from adapters.agencies.declarative.language import DialectMapping
from adapters.agencies.declarative.proof import prove
from adapters.agencies.declarative.published import schema_text
from adapters.agencies.declarative.samples import samples
from adapters.agencies.declarative.yaml_text import read_yaml
from tests.support.declarative import whole_mapping
from tests.support.tree import ROOT

DIALECTS = ROOT / "partners/dialects"
PAGE = (ROOT / "docs/partners/dialects.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
FILES = sorted(DIALECTS.glob("*.yaml"))


def test_the_example_is_a_mapping_and_is_proved() -> None:
    adapter = load(EXAMPLE)
    trials = [trial for kind in adapter.tables.messages for trial in prove(adapter, samples(kind, adapter.tables))]
    assert [trial.failures for trial in trials if trial.failures] == []
    # A sample has a blank after its comma, which surname and forename cannot give back.
    assert {pointer for trial in trials for pointer, _ in trial.refused} == {"/payload/version/updated_by"}
    lost = {pointer for trial in trials for pointer, _ in trial.left_out}
    assert lost == {"/header/version", "/payload/key_date_type/code", "/payload/key_date_type/description", "/payload/requested_by"}


def test_the_example_lies_among_the_examples() -> None:
    assert (ROOT / "docs/examples/gatehouse.yaml").read_text(encoding="utf-8") == EXAMPLE


def test_the_schema_beside_the_mappings_is_the_models() -> None:
    assert (DIALECTS / "dialect.schema.json").read_text(encoding="utf-8") == schema_text(), "gateway dialect schema > partners/dialects/dialect.schema.json"


@pytest.mark.parametrize("text", [EXAMPLE, *(file.read_text(encoding="utf-8") for file in FILES)], ids=["page", *(file.stem for file in FILES)])
def test_the_schema_takes_what_the_gateway_takes(text: str) -> None:
    data, _ = read_yaml(text)
    jsonschema.validate(data, json.loads(schema_text()))


@pytest.mark.parametrize("form", ["json", "xml", "csv"])
def test_the_schema_takes_a_mapping_of_every_form(form: str) -> None:
    jsonschema.validate(json.loads(json.dumps(whole_mapping(form))), json.loads(schema_text()))


def test_the_schema_refuses_a_word_that_does_not_exist() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(whole_mapping("json", titel="x"), json.loads(schema_text()))


def test_every_word_of_the_model_is_described() -> None:
    """An editor shows the description; the page or the name says the rest."""
    schema = DialectMapping.model_json_schema()
    assert [name for name, part in schema["$defs"].items() if not part.get("description")] == []
