"""Every answer leaves in its frame: the policy with a nonce of its own, nothing stored, HTML compressed."""

import asyncio
import gzip
import re

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from gateway.console.assets import PREFIX
from gateway.console.headers import NONCE_KEY, Frame, framed, policy
from gateway.console.rendering import assets
from tests.support.asking import ask
from tests.support.gallery import gallery


def _directives(header: str) -> dict[str, str]:
    return {name: rest for name, _, rest in (part.strip().partition(" ") for part in header.split(";"))}


def _app() -> ASGIApp:
    def say(request: Request) -> Response:
        return PlainTextResponse(str(getattr(request.state, NONCE_KEY)), headers={"cache-control": "public, max-age=60"})

    return framed(Starlette(routes=[Route("/", say), Mount(PREFIX, assets())]), form_targets=("https://id.example",))


def test_the_policy_is_strict() -> None:
    directives = _directives(policy("abc"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == "'nonce-abc'"
    assert (directives["style-src"], directives["connect-src"], directives["img-src"]) == ("'self'",) * 3
    assert (directives["frame-ancestors"], directives["base-uri"], directives["font-src"]) == ("'none'",) * 3
    assert directives["form-action"] == "'self'"
    assert "unsafe" not in policy("abc")


def test_each_answer_has_a_nonce_of_its_own_which_the_application_knows() -> None:
    answers = ask(_app(), "/", "/")
    nonces = [re.findall(r"'nonce-([^']+)'", answer.headers["content-security-policy"]) for answer in answers]
    assert [answer.text for answer in answers] == [nonce for (nonce,) in nonces]
    assert len({answer.text for answer in answers}) == 2
    assert len(answers[0].text) == 24


def test_forms_may_end_up_at_the_identity_provider() -> None:
    (answer,) = ask(_app(), "/")
    assert _directives(answer.headers["content-security-policy"])["form-action"] == "'self' https://id.example"


@pytest.mark.parametrize("path", ["/", "/nowhere", f"{PREFIX}/none/nothing.css"])
def test_nothing_is_stored_whatever_the_page_says(path: str) -> None:
    (answer,) = ask(_app(), path)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ],
)
def test_safe_headers_stand_on_pages_problems_and_files(name: str, value: str) -> None:
    for answer in ask(_app(), "/", "/nowhere", assets().url("console.css")):
        assert answer.headers[name] == value
        assert "camera=()" in answer.headers["permissions-policy"]


def test_scripts_of_a_page_carry_the_nonce_of_its_answer() -> None:
    (answer,) = ask(gallery(), "/problem")
    (nonce,) = re.findall(r"'nonce-([^']+)'", answer.headers["content-security-policy"])
    scripts = re.findall(r"<script[^>]*>", answer.text.split("<body", 1)[1])
    ours = [script for script in scripts if "nonce=" in script]
    assert len(ours) == 2
    assert all(f'nonce="{nonce}"' in script for script in ours)


def test_html_is_compressed() -> None:
    (answer,) = ask(gallery(), "/problem")
    assert answer.headers["content-encoding"] == "gzip"
    assert "govuk" in answer.text


def test_files_are_kept_for_ever_under_their_release_only() -> None:
    url = assets().url("console.css")
    kept, again = ask(_app(), url, url.replace(assets().release, "0" * 16))
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert again.headers["cache-control"] == "no-cache"
    assert kept.text == again.text


def test_files_are_sent_compressed_or_plain() -> None:
    (compressed,) = ask(_app(), assets().url("govuk-frontend.min.css"))
    (plain,) = ask(_app(), assets().url("govuk-frontend.min.css"), headers={"accept-encoding": "identity"})
    assert compressed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert plain.text == compressed.text
    assert len(gzip.compress(plain.content)) < len(plain.content) / 4


@pytest.mark.parametrize("name", ["../rendering.py", "%2e%2e/rendering.py", "vendored.json", "", "images", "/etc/passwd"])
def test_only_what_is_listed_is_served(name: str) -> None:
    (answer,) = ask(_app(), f"{PREFIX}/{assets().release}/{name}")
    assert answer.status_code == 404


def test_files_are_only_read() -> None:
    (answer,) = ask(_app(), assets().url("console.css"), method="POST")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_what_is_no_request_passes_by() -> None:
    seen = []

    async def app(scope: dict[str, object], receive: object, send: object) -> None:
        seen.append(scope)

    asyncio.run(Frame(app)({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert seen == [{"type": "lifespan"}]
