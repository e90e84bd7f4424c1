"""The console's cookies: their names and attributes, in one place.

What it is: an opaque session id, and what ties a sign-in under way to its browser. What it is not: a place for
anything readable. RFC 6265bis: the prefix `__Host-` lets no other host and no plain connection set them; over http
on this machine, which development alone allows, browsers refuse the prefix, so it is left out.
"""

from dataclasses import dataclass

from starlette.responses import Response

_SIGN_IN_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Cookies:
    """For one address of the console."""

    secure: bool

    @property
    def session(self) -> str:
        """Name of the session's cookie."""
        return "__Host-session" if self.secure else "session"

    @property
    def sign_in(self) -> str:
        """Name of the cookie of a sign-in under way."""
        return "__Host-sign-in" if self.secure else "sign-in"

    def set_session(self, response: Response, token: str) -> None:
        """Until the browser closes; the session itself ends on our side."""
        # Lax and not Strict: with Strict a person who comes by a link from a mail looks signed out.
        response.set_cookie(self.session, token, path="/", secure=self.secure, httponly=True, samesite="lax")

    def set_sign_in(self, response: Response, token: str) -> None:
        """For the minutes of one sign-in."""
        response.set_cookie(self.sign_in, token, max_age=_SIGN_IN_SECONDS, path="/", secure=self.secure, httponly=True, samesite="lax")

    def forget_session(self, response: Response) -> None:
        """The browser forgets it."""
        response.delete_cookie(self.session, path="/", secure=self.secure, httponly=True, samesite="lax")

    def forget_sign_in(self, response: Response) -> None:
        """The browser forgets it."""
        response.delete_cookie(self.sign_in, path="/", secure=self.secure, httponly=True, samesite="lax")
