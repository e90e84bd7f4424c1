"""GET /schemas/…: the published schemas, byte for byte as they were released with this gateway.

What it is: the closed list of published files, and the door that hands them out to anybody. What it is not: a
check: the dialects judge by the models, from which the schemas are made (docs/protocol/schemas.md). Called by
partners, by the description of the submission doors, and by `gateway schemas`.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from adapters.agencies.ndelius.writing import schema_file
from gateway.api.faults import documented
from schemas.faults import FaultCode, refuse
from schemas.versions import VERSIONS

router = APIRouter(tags=["schemas"])
JSON_FORM: Final[Mapping[str, str]] = MappingProxyType({version: f"{version}/messages.schema.json" for version in VERSIONS})
"""Version to the file of its JSON Schema."""
XML_FORM: Final[Mapping[str, str]] = MappingProxyType({version: f"{version}/{schema_file(version)}" for version in VERSIONS})
"""Version to the file of its XSD."""
FILES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(JSON_FORM.values(), "application/schema+json"),
        **dict.fromkeys(XML_FORM.values(), "application/xml"),
        "openapi.json": "application/json",
        "asyncapi.json": "application/json",
    }
)
"""Every published file, by its name below schemas/published, and its media type."""
PLACE: Final = "schemas/"
"""Where they are, as seen from /openapi.json."""
_FOR_SECONDS: Final = 3600


@cache
def published(name: str) -> bytes:
    """The bytes of one of `FILES`. Raises KeyError for any other name."""
    if name not in FILES:
        raise KeyError(name)
    return files("schemas").joinpath("published", *name.split("/")).read_bytes()


def one_of(names: Mapping[str, str]) -> dict[str, object]:
    """A schema that names the files of all versions."""
    return {"oneOf": [{"$ref": PLACE + name} for name in names.values()]}


_OK: Final[dict[int | str, dict[str, object]]] = {200: {"description": "The file.", "content": {kind: {} for kind in dict.fromkeys(FILES.values())}}}


@router.get("/schemas/{name:path}", responses=_OK | documented(FaultCode.NOT_FOUND))
def schema(name: str) -> Response:
    """One published file: `<version>/messages.schema.json`, `<version>/SPG-XML_Message_Root-V<version>.xsd`, `openapi.json`
    or `asyncapi.json`. Needs no token."""
    if name not in FILES:
        raise refuse(FaultCode.NOT_FOUND)
    return Response(published(name), headers={"Cache-Control": f"public, max-age={_FOR_SECONDS}"}, media_type=FILES[name])
