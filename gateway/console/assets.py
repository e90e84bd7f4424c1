"""Static files: style sheets, scripts and images, held in memory and served under an address that names their content.

What it is: every file under `static/`, read once, with its type, compressed where that helps. The address holds the
digest of them all (`/static/<release>/console.css`), so that a browser may keep a file for ever and modules and
style sheets may name one another relatively. What it is not: behind sign-in; nothing here is about anybody. Called
by the console's application, and by templates through `rendering`.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

PREFIX = "/static"
_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_WORTH_COMPRESSING = 860


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, ready to be sent."""

    content: bytes
    compressed: bytes | None
    media_type: str
    digest: str


class Assets:
    """All static files. An ASGI application, to be mounted at `PREFIX`."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        paths = sorted(path for path in folder.rglob("*") if path.suffix in _TYPES and path.is_file())
        self._files: Mapping[str, Asset] = {path.relative_to(folder).as_posix(): _read(path) for path in paths}
        named = "\n".join(f"{asset.digest} {name}" for name, asset in self._files.items())
        self.release = hashlib.sha256(named.encode()).hexdigest()[:16]

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def url(self, name: str) -> str:
        """Where a page finds this file. KeyError when there is none: a template that names it is wrong."""
        if name not in self._files:
            raise KeyError(name)
        return f"{PREFIX}/{self.release}/{name}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("Only to be read\n", 405, {"allow": "GET, HEAD"})
        inside = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix(PREFIX).lstrip("/")
        release, _, name = inside.partition("/")
        asset = self._files.get(name)
        if asset is None:
            return PlainTextResponse("No such file\n", 404)
        # An old page may ask a newer process, and the reverse, while both run: it is answered, but not for ever.
        headers = {"cache-control": _FOR_EVER if release == self.release else _ASK_AGAIN, "vary": "accept-encoding", "etag": f'"{asset.digest}"'}
        if asset.compressed is not None and "gzip" in Headers(scope=scope).get("accept-encoding", ""):
            return Response(asset.compressed, media_type=asset.media_type, headers=headers | {"content-encoding": "gzip"})
        return Response(asset.content, media_type=asset.media_type, headers=headers)


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    compressed = gzip.compress(content, 9, mtime=0) if len(content) >= _WORTH_COMPRESSING else None
    return Asset(content, compressed, _TYPES[path.suffix], hashlib.sha256(content).hexdigest())
