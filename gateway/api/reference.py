"""The page of the API: every operation with its parameters and answers, generated from the description.

What it is: plain HTML without scripts, so that it works offline and under a strict content security policy.
What it is not: the protocol pages for partners (`docs/protocol`). Called by people.
"""

from collections.abc import Iterator, Mapping
from html import escape

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

router = APIRouter(include_in_schema=False)
_STYLE = "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}code{background:#eee;padding:0 .2rem}dt{font-weight:bold}"


@router.get("/docs")
async def page(request: Request) -> Response:
    """Every operation on one page."""
    return HTMLResponse(_page(request.app.openapi()))


def _page(api: Mapping[str, Mapping[str, object]]) -> str:
    info = api["info"]
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_said(info, "title")}</title><style>{_STYLE}</style></head>'
    intro = f'<h1>{_said(info, "title")}</h1><p>{_said(info, "summary")}</p><p>For programs: <a href="/openapi.json">openapi.json</a>.</p>'
    operations = "".join(_operation(path, method, operation) for path, methods in api["paths"].items() for method, operation in _inner(methods))
    return f"{head}<body>{intro}{operations}</body></html>"


def _operation(path: str, method: str, operation: Mapping[str, object]) -> str:
    parameters = "".join(_parameter(entry) for entry in _list(operation.get("parameters")))
    answers = "".join(f"<dt>{escape(status)}</dt><dd>{_said(answer, 'description')}</dd>" for status, answer in _inner(operation.get("responses")))
    heading = f"<h2><code>{escape(method.upper())} {escape(path)}</code></h2><p>{_said(operation, 'description')}</p>"
    return f"{heading}{f'<h3>Parameters</h3><dl>{parameters}</dl>' if parameters else ''}<h3>Answers</h3><dl>{answers}</dl>"


def _parameter(entry: Mapping[str, object]) -> str:
    return f"<dt><code>{_said(entry, 'name')}</code> ({_said(entry, 'in')})</dt><dd>{_said(entry, 'description')}</dd>"


def _said(value: Mapping[str, object], name: str) -> str:
    return escape(str(value.get(name, "")))


def _inner(value: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    if isinstance(value, Mapping):
        yield from ((str(name), entry) for name, entry in value.items() if isinstance(entry, Mapping))


def _list(value: object) -> list[Mapping[str, object]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []
