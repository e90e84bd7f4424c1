"""A simulated identity provider: OpenID Connect with a list of made-up people and no passwords.

What it is: discovery, the page where one chooses who to be, tokens with PKCE checked, keys; and every mistake that a
provider or an attacker can make, on demand. What it is not: safe for anybody real: it asks nobody for a proof. Called by
the demo and by tests. OpenID Connect Core 1.0 §3.1, RFC 6749 §4.1, RFC 7636.
"""

import base64
import hashlib
import html
import json
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from gateway.rehearsal.listener import Answer, Listener, Place, Request

CLIENT_ID = "interagency-gateway-console"
ROLE_CLAIMS: Mapping[str, str] = {f"GATEWAY_{role.upper()}": role for role in ("viewer", "operator", "reveal", "auditor", "admin")}
"""What its roles mean here: the value of `console_role_claims`."""
_TOKEN_SECONDS = 300
_KID = "rehearsal-1"


class Flaw(StrEnum):
    """What is wrong with its next tokens."""

    NONE = "none"
    WRONG_NONCE = "wrong-nonce"
    WRONG_SIGNATURE = "wrong-signature"
    UNKNOWN_KEY = "unknown-key"
    SHARED_SECRET = "shared-secret"  # noqa: S105 (the name of an attack: HMAC under what both know)
    UNSIGNED = "unsigned"
    EXPIRED = "expired"
    WRONG_AUDIENCE = "wrong-audience"
    WRONG_ISSUER = "wrong-issuer"
    NO_SUBJECT = "no-subject"
    NO_TOKEN = "no-token"  # noqa: S105 (no secret)
    BROKEN = "broken"
    """The token endpoint answers 500."""


@dataclass(frozen=True, slots=True)
class Account:
    """A made-up person at the provider."""

    subject: str
    name: str
    roles: tuple[str, ...]


PEOPLE: tuple[Account, ...] = (
    Account("u-viewer", "Vera Example (fictional)", ("GATEWAY_VIEWER",)),
    Account("u-operator", "Oliver Example (fictional)", ("GATEWAY_OPERATOR",)),
    Account("u-reveal", "Rita Example (fictional)", ("GATEWAY_OPERATOR", "GATEWAY_REVEAL")),
    Account("u-auditor", "Amir Example (fictional)", ("GATEWAY_AUDITOR",)),
    Account("u-admin", "Ada Example (fictional)", ("GATEWAY_ADMIN",)),
    Account("u-nobody", "Noel Example (fictional)", ("SOME_OTHER_SYSTEM",)),
)


@dataclass(frozen=True, slots=True)
class _Granted:
    account: Account
    asked: Mapping[str, str]


@dataclass(slots=True)
class SimulatedProvider:
    """One provider. Its port is drawn at the first start."""

    client_secret: str | None = None
    people: tuple[Account, ...] = PEOPLE
    tls: ssl.SSLContext | None = None
    place: Place = field(default_factory=lambda: Place(host="127.0.0.1"))
    gives_id_token: bool = True
    """False: only an access token that is a JWT, with `authorities`."""
    flaw: Flaw = Flaw.NONE
    now: Callable[[], float] = time.time
    _key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": _KID, "use": "sig", "alg": "RS256"}))
    _codes: dict[str, _Granted] = field(default_factory=dict)
    _listener: Listener | None = None

    @property
    def issuer(self) -> str:
        """Its name in tokens."""
        if self._listener is None:
            raise RuntimeError("the provider was not started")
        return self._listener.url("")

    def start(self) -> None:
        """Listen."""
        self._listener = self._listener or Listener(self._handle, self.tls, self.place)
        self._listener.start()

    def stop(self) -> None:
        """Go away; codes are forgotten."""
        if self._listener is not None:
            self._listener.stop()
        self._codes.clear()

    def change_keys(self) -> None:
        """A new key, under a new name."""
        self._key = RSAKey.generate_key(2048, {"kid": f"rehearsal-{secrets.token_hex(4)}", "use": "sig", "alg": "RS256"})

    def _handle(self, request: Request) -> Answer:
        place = urlsplit(request.path)
        match request.method, place.path:
            case "GET", "/.well-known/openid-configuration":
                return _json(self._described())
            case "GET", "/jwks":
                return _json({"keys": [self._key.as_dict(private=False)]})
            case "GET", "/authorize":
                return self._authorize(_single(place.query))
            case "GET", "/favicon.ico":
                return Answer(204)
            case "POST", "/token":
                return self._token(_single(request.body.decode("ascii", "replace")), request.headers.get("authorization", ""))
        return Answer(404)

    def _described(self) -> dict[str, object]:
        issuer = self.issuer
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def _authorize(self, asked: Mapping[str, str]) -> Answer:
        """The page of people; with `login_hint`, straight on as that one."""
        if asked.get("client_id") != CLIENT_ID or asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
            return Answer(400, body=b"not a request of the console")
        account = next((one for one in self.people if one.subject == asked.get("login_hint")), None)
        if account is None:
            return Answer(200, "text/html; charset=utf-8", self._choice(asked).encode())
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Granted(account, asked)
        back = urlencode({"code": code, "state": asked.get("state", ""), "iss": self.issuer})
        return Answer(303, headers={"location": f"{asked.get('redirect_uri', '')}?{back}"})

    def _choice(self, asked: Mapping[str, str]) -> str:
        links = "".join(f'<li><a href="{_hinted(asked, one)}">{html.escape(one.name)}: {_roles(one)}</a></li>' for one in self.people)
        head = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Who are you? Simulated identity provider</title></head>'
        return f"{head}<body><main><h1>Simulated identity provider</h1><p>These people are made up.</p><ul>{links}</ul></main></body></html>"

    def _token(self, form: Mapping[str, str], authorization: str) -> Answer:
        if self.flaw is Flaw.BROKEN:
            return Answer(500)
        granted = self._codes.pop(form.get("code", ""), None)
        if not self._is_client(form, authorization):
            return _json({"error": "invalid_client"}, 401)
        if granted is None or form.get("grant_type") != "authorization_code" or form.get("redirect_uri") != granted.asked.get("redirect_uri"):
            return _json({"error": "invalid_grant"}, 400)
        if _challenge(form.get("code_verifier", "")) != granted.asked.get("code_challenge"):
            return _json({"error": "invalid_grant", "error_description": "PKCE"}, 400)
        return _json(self._tokens(granted))

    def _is_client(self, form: Mapping[str, str], authorization: str) -> bool:
        if self.client_secret is None:
            return form.get("client_id") == CLIENT_ID
        kind, _, value = authorization.partition(" ")
        given = base64.b64decode(value).decode() if kind == "Basic" else ":"
        name, _, secret = given.partition(":")
        return (unquote_plus(name), unquote_plus(secret)) == (CLIENT_ID, self.client_secret)

    def _tokens(self, granted: _Granted) -> dict[str, object]:
        around: dict[str, object] = {"token_type": "Bearer", "expires_in": _TOKEN_SECONDS}
        if self.flaw is Flaw.NO_TOKEN:
            return {**around, "access_token": "opaque"}
        token = self._signed(self._claims(granted))
        return {**around, "access_token": "opaque", "id_token": token} if self.gives_id_token else {**around, "access_token": token}

    def _claims(self, granted: _Granted) -> dict[str, object]:
        now, account, flaw = int(self.now()), granted.account, self.flaw
        ends = now - _TOKEN_SECONDS if flaw is Flaw.EXPIRED else now + _TOKEN_SECONDS
        client = "another-client" if flaw is Flaw.WRONG_AUDIENCE else CLIENT_ID
        claims: dict[str, object] = {"iss": f"{self.issuer}/other" if flaw is Flaw.WRONG_ISSUER else self.issuer, "iat": now, "exp": ends}
        claims |= {} if flaw is Flaw.NO_SUBJECT else {"sub": account.subject}
        if not self.gives_id_token:
            return claims | {"client_id": client, "name": account.name, "authorities": list(account.roles)}
        nonce = "another" if flaw is Flaw.WRONG_NONCE else granted.asked.get("nonce", "")
        return claims | {"aud": client, "nonce": nonce, "name": account.name, "roles": list(account.roles)}

    def _signed(self, claims: dict[str, object]) -> str:
        match self.flaw:
            case Flaw.WRONG_SIGNATURE:
                return jwt.encode({"alg": "RS256", "kid": self._key.kid}, claims, RSAKey.generate_key(2048))
            case Flaw.UNKNOWN_KEY:
                stranger = RSAKey.generate_key(2048)
                return jwt.encode({"alg": "RS256", "kid": "nobody"}, claims, stranger)
            case Flaw.SHARED_SECRET:
                return jwt.encode({"alg": "HS256", "kid": self._key.kid}, claims, OctKey.import_key((self.client_secret or CLIENT_ID).ljust(32, "-")))
            case Flaw.UNSIGNED:
                return f"{_part({'alg': 'none', 'kid': self._key.kid})}.{_part(claims)}."
        return jwt.encode({"alg": "RS256", "kid": self._key.kid}, claims, self._key)


def _hinted(asked: Mapping[str, str], account: Account) -> str:
    return html.escape(f"/authorize?{urlencode({**asked, 'login_hint': account.subject})}")


def _roles(account: Account) -> str:
    """What the console makes of them, in a list for people."""
    return html.escape(", ".join(ROLE_CLAIMS.get(name, name) for name in account.roles))


def _part(value: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _single(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


def _json(value: Mapping[str, object], status: int = 200) -> Answer:
    return Answer(status, "application/json", json.dumps(value).encode(), {"cache-control": "no-store"})
