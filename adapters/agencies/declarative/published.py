"""The JSON Schema of mappings, as editors read it.

What it is: drawn from the model; partners/dialects/dialect.schema.json is its copy, and a test compares. What it is not:
the whole check: what hangs together over several places only `compile` sees.
"""

import json

from adapters.agencies.declarative.language import DialectMapping


def schema_text() -> str:
    """The schema, laid out."""
    schema = DialectMapping.model_json_schema(by_alias=True)
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2, ensure_ascii=False) + "\n"
