"""The published schemas over HTTP: to anybody, byte for byte, and under the names that the description uses."""

import json
from collections.abc import Iterator

import pytest

from gateway.api.schemas import FILES, published
from tests.support.api import Caller, House, settings_for


@pytest.fixture
def caller() -> Iterator[Caller]:
    with House(settings_for()).open() as caller:
        yield caller


def test_every_file_is_handed_out_without_a_token(caller: Caller) -> None:
    for name, media_type in FILES.items():
        answer = caller.http.get(f"/schemas/{name}")
        assert (answer.status_code, answer.content) == (200, published(name))
        assert answer.headers["content-type"].partition(";")[0] == media_type
        assert answer.headers["cache-control"] == "public, max-age=3600"


@pytest.mark.parametrize("name", ["baseline.json", "0-9-8/messages.schema.json", "", "..%2Fversions.py", "0-9-14/..%2F..%2Fversions.py"])
def test_nothing_else_is_handed_out(caller: Caller, name: str) -> None:
    answer = caller.http.get(f"/schemas/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_what_the_description_names_is_where_it_says(caller: Caller) -> None:
    body = caller.http.get("/openapi.json").json()["paths"]["/v1/messages"]["post"]["requestBody"]["content"]["application/jose"]["schema"]
    envelope = caller.http.get("/openapi.json").json()["paths"]["/spg"]["post"]["requestBody"]["content"]["text/xml"]["schema"]
    names = [ref["$ref"] for ref in body["contentSchema"]["oneOf"]] + envelope["x-xsd"]
    assert len(names) == 12
    assert {caller.http.get(f"/{name}").status_code for name in names} == {200}


def test_the_published_description_is_the_one_that_is_served(caller: Caller) -> None:
    served = caller.http.get("/openapi.json").text.replace('"schemas/', '"')
    assert json.loads(served) == caller.http.get("/schemas/openapi.json").json()
