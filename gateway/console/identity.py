"""The identity provider: whom operators sign in with, by the authorisation code flow of OpenID Connect.

What it is: discovery, the way there with state, nonce and PKCE (S256), and the exchange of the code for a token that
is verified in full before anything in it is believed. What it is not: sessions, pages, or what roles may do. Called by
`sign_in`. Standards: OpenID Connect Core 1.0 §3.1; RFC 6749, 7636, 7519, 9207. Errors never name what a token held.
"""

import hmac
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote_plus, urlsplit

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.client import OAuth2Client
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from gateway.config import VouchingToken
from gateway.console.claims import ClaimTable
from gateway.contract import Clock
from gateway.oversight.access import Role
from gateway.oversight.records import Operator

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""Signatures that are believed. No `none`; no HMAC, whose key is the client's own secret."""
_PUBLIC_KEY_TYPES = frozenset({"RSA", "EC", "OKP"})
_REMEMBER_SECONDS = 3600.0
_LOOK_AGAIN_SECONDS = 30.0
"""How soon keys are fetched again for a token whose key is not known: a provider changes keys, a forger invents them."""
_LEEWAY_SECONDS = 60
_LONGEST_TOKEN = 32 * 1024
_MOST_BYTES = 1024 * 1024
_TIMEOUT_SECONDS = 10.0


class ProviderUnavailable(Exception):
    """The identity provider cannot be reached, or what it answers is no answer."""


class SignInRefused(Exception):
    """The provider vouches for nobody that we know. `why` is one of our own words, for the audit; `operator` where a
    verified token named somebody."""

    def __init__(self, why: str, operator: Operator | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.operator = operator


@dataclass(frozen=True, slots=True)
class Journey:
    """A person's way to the provider: where to send the browser, and what must come back."""

    address: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody for whom the provider vouches, with at least one role here."""

    operator: Operator
    roles: tuple[Role, ...]


class IdentityProvider(Protocol):
    """Whom people sign in with."""

    def begin(self, redirect_uri: str) -> Journey:
        """Start a sign-in. Raises ProviderUnavailable."""

    def finish(self, code: str, issuer: str | None, journey: Journey, redirect_uri: str) -> Person:
        """Exchange the code and believe nothing unverified; `issuer` is what the answer says of itself (RFC 9207).
        Raises ProviderUnavailable and SignInRefused."""

    def close(self) -> None:
        """Let go of its connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """How this console is known at the provider."""

    issuer: str
    discovery_url: str
    client_id: str
    client_secret: str | None = field(repr=False)
    scopes: tuple[str, ...]
    token: VouchingToken
    audience: str | None
    table: ClaimTable


@dataclass(frozen=True, slots=True)
class _Described:
    """What discovery says, with the keys."""

    authorize: str
    exchange: str
    keys: KeySet
    read_at: float


class OpenIdProvider:
    """A provider by its discovery document. Safe from any thread."""

    def __init__(self, known_as: Registration, http: httpx.Client, clock: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._as = known_as
        self._http = http
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._described: _Described | None = None

    def close(self) -> None:
        """Let go of its connections, for good."""
        self._http.close()

    def begin(self, redirect_uri: str) -> Journey:
        """Draw state, nonce and verifier, and say where to go."""
        state, nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        address, _ = self._client(redirect_uri).create_authorization_url(self._provider().authorize, state=state, code_verifier=verifier, nonce=nonce)
        return Journey(str(address), state, nonce, verifier)

    def finish(self, code: str, issuer: str | None, journey: Journey, redirect_uri: str) -> Person:
        """(1) the answer is this provider's, (2) the code gives a token, (3) the token holds, (4) it names somebody with a role."""
        if issuer is not None and issuer != self._as.issuer:
            raise SignInRefused("issuer")
        claims = self._verified(self._token(code, journey, redirect_uri), journey.nonce)
        operator = self._as.table.operator_of(claims)
        if operator is None:
            raise SignInRefused("subject")
        roles = self._as.table.roles_of(claims)
        if not roles:
            raise SignInRefused("no-role", operator)
        return Person(operator, roles)

    def _client(self, redirect_uri: str) -> OAuth2Client:
        return OAuth2Client(
            session=self._http, client_id=self._as.client_id, scope=" ".join(self._as.scopes), redirect_uri=redirect_uri, code_challenge_method="S256"
        )

    def _token(self, code: str, journey: Journey, redirect_uri: str) -> str:
        secret = self._as.client_secret
        # RFC 6749 §2.3.1: both are form-encoded before they become Basic credentials.
        auth = httpx.Auth() if secret is None else httpx.BasicAuth(quote_plus(self._as.client_id), quote_plus(secret))
        named = {"client_id": self._as.client_id} if secret is None else {}
        try:
            answer = self._client(redirect_uri).fetch_token(
                self._provider().exchange, grant_type="authorization_code", code=code, code_verifier=journey.verifier, auth=auth, **named
            )
        except AuthlibBaseError as error:
            raise SignInRefused("code") from error
        except httpx.HTTPStatusError as error:
            raise (ProviderUnavailable if error.response.is_server_error else SignInRefused)("code") from error
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderUnavailable("token endpoint") from error
        token = answer.get("id_token" if self._as.token is VouchingToken.ID else "access_token")
        if not isinstance(token, str) or len(token) > _LONGEST_TOKEN:
            raise SignInRefused("no-token")
        return token

    def _verified(self, token: str, nonce: str) -> Mapping[str, object]:
        """OpenID Connect Core §3.1.3.7: (1) signature by a key of the provider, (2) issuer and times, (3) audience, (4) nonce."""
        decoded = self._decoded(token)
        claims: Mapping[str, object] = decoded.claims
        required = jwt.JWTClaimsRegistry(
            now=int(self._clock().timestamp()),
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": self._as.issuer},
            exp={"essential": True},
            iat={"essential": self._as.token is VouchingToken.ID},
        )
        try:
            required.validate(decoded.claims)
        except JoseError as error:
            raise SignInRefused("claims") from error
        if not self._is_for_us(claims):
            raise SignInRefused("audience")
        # An access token has no nonce: there, state and PKCE alone tie the answer to this browser and this question.
        if self._as.token is VouchingToken.ID and not _same_text(claims.get("nonce"), nonce):
            raise SignInRefused("nonce")
        return claims

    def _is_for_us(self, claims: Mapping[str, object]) -> bool:
        said = claims.get("aud")
        audiences = [said] if isinstance(said, str) else said if isinstance(said, list) else []
        party = claims.get("azp", claims.get("client_id"))
        if self._as.token is VouchingToken.ID:
            # Several audiences: `azp` says which of them asked, and must be us.
            return self._as.client_id in audiences and party in ((self._as.client_id,) if len(audiences) > 1 else (self._as.client_id, None))
        if self._as.audience is not None:
            return self._as.audience in audiences
        return party == self._as.client_id

    def _decoded(self, token: str) -> jwt.Token:
        try:
            return self._decode(token, self._provider())
        except InvalidKeyIdError:
            pass  # a key that is newer than what we remember, or nobody's
        except (JoseError, ValueError) as error:
            raise SignInRefused("signature") from error
        try:
            return self._decode(token, self._provider(younger_than=_LOOK_AGAIN_SECONDS))
        except (JoseError, ValueError) as error:
            raise SignInRefused("signature") from error

    @staticmethod
    def _decode(token: str, described: _Described) -> jwt.Token:
        # Providers add header members of their own; what `crit` names must be understood all the same.
        return jwt.decode(token, described.keys, registry=JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False))

    def _provider(self, younger_than: float = _REMEMBER_SECONDS) -> _Described:
        with self._lock:
            now = self._monotonic()
            if self._described is None or now - self._described.read_at >= younger_than:
                self._described = self._discover(now)
            return self._described

    def _discover(self, now: float) -> _Described:
        """OpenID Connect Discovery §4: the document must be about the issuer that we were told of."""
        said = self._read(self._as.discovery_url)
        if said.get("issuer") != self._as.issuer:
            raise ProviderUnavailable("discovery is about another issuer")
        authorize, exchange, keys = (_address(said.get(name)) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"))
        return _Described(authorize, exchange, _key_set(self._read(keys)), now)

    def _read(self, address: str) -> Mapping[str, object]:
        try:
            answer = self._http.get(address, headers={"accept": "application/json"}, timeout=_TIMEOUT_SECONDS)
            answer.raise_for_status()
            said = answer.json() if len(answer.content) <= _MOST_BYTES else None
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderUnavailable("discovery") from error
        if not isinstance(said, dict):
            raise ProviderUnavailable("discovery")
        return said


def _address(value: object) -> str:
    place = urlsplit(value if isinstance(value, str) else "")
    if not (place.scheme == "https" or (place.scheme == "http" and place.hostname in {"127.0.0.1", "::1", "localhost"})):
        raise ProviderUnavailable("discovery names an address that is not https")
    return place.geturl()


def _key_set(said: Mapping[str, object]) -> KeySet:
    """The public signing keys; whatever else stands there is not for us."""
    listed = said.get("keys")
    keys = [key for key in listed if isinstance(key, dict) and _is_signing_key(key)] if isinstance(listed, list) else []
    try:
        return KeySet.import_key_set({"keys": keys})
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise ProviderUnavailable("keys") from error


def _is_signing_key(key: Mapping[str, object]) -> bool:
    return key.get("kty") in _PUBLIC_KEY_TYPES and key.get("use", "sig") == "sig"


def _same_text(given: object, expected: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), expected.encode())
