"""The frame around every answer of the console: security headers, one nonce each, nothing stored, HTML compressed.

What it is: plain ASGI middleware. What it is not: sign-in or the defence against forged requests. Called by the
console's application as `framed(app)`. Content Security Policy Level 3, strict: a script runs only with this
answer's nonce; no style, script or handler stands inside markup. Strict-Transport-Security is the edge's.
HTML is compressed though it holds a form token: the token is masked anew in every answer (`masking`), so that the
length of a page tells nothing of it.
"""

import base64
import secrets
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.console.assets import PREFIX

NONCE_KEY = "csp_nonce"
"""Where the nonce of this request stands in its state: `request.state.csp_nonce`."""
_NONCE_BYTES = 18
_DENIED = (
    *("accelerometer", "autoplay", "browsing-topics", "camera", "clipboard-read", "display-capture", "encrypted-media"),
    *("fullscreen", "geolocation", "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "picture-in-picture"),
    *("publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
_ALWAYS = (
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", ", ".join(f"{name}=()" for name in _DENIED)),
    ("x-robots-tag", "noindex, nofollow"),
)


def framed(app: ASGIApp, form_targets: Sequence[str] = ()) -> ASGIApp:
    """The application in its frame. `form_targets` are origins besides our own that a form may end up at: the identity provider's."""
    return Frame(GZipMiddleware(app, minimum_size=1024, compresslevel=6), form_targets)


def policy(nonce: str, form_targets: Sequence[str] = ()) -> str:
    """The Content-Security-Policy of one answer."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce}'",
            "style-src 'self'",
            "img-src 'self'",
            "font-src 'none'",
            "connect-src 'self'",
            " ".join(("form-action 'self'", *form_targets)),
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "manifest-src 'self'",
        )
    )


class Frame:
    """Middleware: makes the nonce before the application runs, and sets the headers when it answers."""

    def __init__(self, app: ASGIApp, form_targets: Sequence[str] = ()) -> None:
        self._app = app
        self._form_targets = tuple(form_targets)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = base64.b64encode(secrets.token_bytes(_NONCE_BYTES)).decode("ascii")
        scope.setdefault("state", {})[NONCE_KEY] = nonce
        asset = scope["path"].startswith(f"{PREFIX}/")

        async def framed_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS:
                    headers[name] = value
                headers["content-security-policy"] = policy(nonce, self._form_targets)
                if not (asset and "cache-control" in headers):
                    headers["cache-control"] = "no-store"
            await send(message)

        await self._app(scope, receive, framed_send)
