"""Writes schemas/published: the JSON Schemas, the XSDs, and the descriptions of HTTP and AMQP that name them.

What it is: the maker of what partners are handed; `make docs` runs it and a test compares. With `--release`, also
the keeper of baseline.json, what the last release published, which every later state is compared with. What it is
not: the place of any fact. See docs/protocol/schemas.md.
"""

import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import SimpleNamespace

from lxml import etree

from adapters.agencies.canonical.schema import json_schema
from adapters.agencies.ndelius.schema import xsd
from docs.asyncapi import asyncapi
from gateway.api.app import create_app
from gateway.api.parts import ApiParts
from gateway.api.schemas import JSON_FORM, PLACE, XML_FORM
from gateway.config import Settings
from schemas.json_facts import facts_of_json
from schemas.releases import Released, dump_release
from schemas.xsd_facts import facts_of_xsd

PUBLISHED = Path(__file__).resolve().parents[1] / "schemas/published"
BASELINE, ANNOUNCED = PUBLISHED / "baseline.json", PUBLISHED / "announced.json"


def openapi_served() -> dict[str, object]:
    """The application's own description. It is put together and asked for its paths, never run."""
    nobody = SimpleNamespace(submit=None)
    settings = Settings.model_construct()
    parts = ApiParts(settings=settings, intake=nobody, store=nobody, directory=nobody, jwks=nobody, clock=nobody, telemetry=nobody)
    return create_app(parts).openapi()


def openapi_published() -> bytes:
    """The same, with the schemas named as they lie beside it."""
    return _json(json.loads(json.dumps(openapi_served()).replace(f'"{PLACE}', '"')))


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()


FILES: Mapping[str, Callable[[], bytes]] = {
    **{name: partial(json_schema, version) for version, name in JSON_FORM.items()},
    **{name: partial(xsd, version) for version, name in XML_FORM.items()},
    "openapi.json": openapi_published,
    "asyncapi.json": lambda: _json(asyncapi()),
}
"""Name below schemas/published to its maker."""


def facts() -> Released:
    """What the schemas say now, to be compared with what they said at the last release."""
    return {
        "json": {version: facts_of_json(json.loads(json_schema(version))) for version in JSON_FORM},
        "xml": {version: facts_of_xsd(etree.fromstring(xsd(version))) for version in XML_FORM},
    }


def _write(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        sys.stdout.write(f"written: schemas/published/{path.relative_to(PUBLISHED)}\n")


def main(arguments: list[str]) -> None:
    """Write every file that has changed; with `--release`, begin anew what is compared."""
    for name, make in FILES.items():
        _write(PUBLISHED / name, make())
    if arguments == ["--release"]:
        _write(BASELINE, dump_release(facts()))
        _write(ANNOUNCED, _json([]))


if __name__ == "__main__":
    main(sys.argv[1:])
