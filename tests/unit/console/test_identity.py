"""The provider's own documents: what is read of them, what is not believed, and how often they are asked for."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from gateway.config import VouchingToken
from gateway.console.claims import ClaimTable
from gateway.console.identity import Journey, OpenIdProvider, ProviderUnavailable, Registration, SignInRefused
from gateway.oversight.access import Role

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ISSUER = "https://login.example/tenant"
KEY, OTHER = (RSAKey.generate_key(2048, {"kid": name, "use": "sig"}) for name in ("one", "two"))
JOURNEY = Journey("", "state", "nonce", "v" * 43)
Documents = dict[str, Any]


def documents(**changed: Any) -> Documents:
    described = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "jwks_uri": f"{ISSUER}/keys",
    }
    return {"/tenant/.well-known/openid-configuration": {**described, **changed}, "/tenant/keys": {"keys": [KEY.as_dict(private=False)]}}


class Place:
    """A provider made of documents."""

    def __init__(self, given: Documents | None = None, token: Callable[[], httpx.Response] | None = None) -> None:
        self.documents = documents() if given is None else given
        self.token = token or (lambda: httpx.Response(200, json={"token_type": "Bearer", "id_token": signed()}))
        self.asked: list[str] = []
        self.monotonic = 0.0

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if request.url.path == "/tenant/token":
            return self.token()
        found = self.documents.get(request.url.path)
        return found if isinstance(found, httpx.Response) else httpx.Response(404) if found is None else httpx.Response(200, json=found)

    def provider(self, token: VouchingToken = VouchingToken.ID) -> OpenIdProvider:
        known_as = Registration(
            issuer=ISSUER,
            discovery_url=f"{ISSUER}/.well-known/openid-configuration",
            client_id="console",
            client_secret="secret",
            scopes=("openid",),
            token=token,
            audience=None,
            table=ClaimTable({"V": Role.VIEWER}, ("roles",)),
        )
        http = httpx.Client(transport=httpx.MockTransport(self.answer))
        return OpenIdProvider(known_as, http, lambda: NOW, lambda: self.monotonic)


def signed(key: RSAKey | OctKey = KEY, header: dict[str, Any] | None = None, **changed: Any) -> str:
    now = int(NOW.timestamp())
    claims = {"iss": ISSUER, "aud": "console", "sub": "u1", "nonce": "nonce", "iat": now, "exp": now + 60, "roles": ["V"], **changed}
    given = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": "one", **(header or {})}, given, key, algorithms=["RS256", "PS256", "HS256"])


def finish(place: Place, token: str) -> tuple[Role, ...]:
    place.token = lambda: httpx.Response(200, json={"token_type": "Bearer", "id_token": token})
    return place.provider().finish("code", None, JOURNEY, "https://console.example/sign-in/callback").roles


def test_a_token_that_holds() -> None:
    assert finish(Place(), signed()) == (Role.VIEWER,)


def test_discovery_is_asked_for_once_an_hour() -> None:
    place = Place()
    provider = place.provider()
    for _ in range(3):
        provider.begin("https://console.example/cb")
    assert place.asked == ["/tenant/.well-known/openid-configuration", "/tenant/keys"]
    place.monotonic = 3600.0
    provider.begin("https://console.example/cb")
    assert len(place.asked) == 4


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "https://login.example/other"},
        {"issuer": ISSUER + "/"},
        {"token_endpoint": "http://login.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
        {"jwks_uri": "https://login.example/absent"},
    ],
)
def test_a_document_that_is_not_to_be_trusted_is_no_provider(changed: dict[str, Any]) -> None:
    with pytest.raises(ProviderUnavailable):
        Place(documents(**changed)).provider().begin("https://console.example/cb")


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(200, text="<html>"), httpx.Response(200, json=[]), httpx.Response(302, headers={"location": "https://evil.example"}), httpx.Response(500)],
)
def test_what_is_no_document_is_no_provider(answer: httpx.Response) -> None:
    with pytest.raises(ProviderUnavailable):
        Place({"/tenant/.well-known/openid-configuration": answer}).provider().begin("https://console.example/cb")


def test_keys_that_are_not_for_signatures_are_passed_over() -> None:
    """A shared secret in the key set would let anybody who reads it sign; a key for encryption signs nothing."""
    shared = OctKey.generate_key(256, {"kid": "shared"})
    place = Place()
    place.documents["/tenant/keys"]["keys"] = [shared.as_dict(private=True), {**OTHER.as_dict(private=False), "use": "enc"}, KEY.as_dict(private=False)]
    assert finish(place, signed()) == (Role.VIEWER,)
    for token in (signed(shared, {"alg": "HS256", "kid": "shared"}), signed(OTHER, {"kid": "two"})):
        with pytest.raises(SignInRefused, match="signature"):
            finish(place, token)


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": "x"}, {"keys": [{"kty": "RSA"}]}])
def test_a_key_set_without_a_key_believes_nobody(keys: dict[str, Any]) -> None:
    place = Place()
    place.documents["/tenant/keys"] = keys
    with pytest.raises((ProviderUnavailable, SignInRefused)):
        finish(place, signed())


def test_an_unknown_key_is_looked_for_again_but_not_by_every_forgery() -> None:
    place = Place()
    provider = place.provider()
    place.token = lambda: httpx.Response(200, json={"id_token": signed(OTHER, {"kid": "two"}), "token_type": "Bearer"})
    for _ in range(5):
        with pytest.raises(SignInRefused, match="signature"):
            provider.finish("code", None, JOURNEY, "https://console.example/cb")
    assert place.asked.count("/tenant/keys") == 1
    place.monotonic = 30.0
    place.documents["/tenant/keys"]["keys"].append(OTHER.as_dict(private=False))
    assert provider.finish("code", None, JOURNEY, "https://console.example/cb").roles == (Role.VIEWER,)
    assert place.asked.count("/tenant/keys") == 2


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"iss": None}, "claims"),
        ({"exp": None}, "claims"),
        ({"iat": None}, "claims"),
        ({"exp": int(NOW.timestamp()) - 61}, "claims"),
        ({"exp": "tomorrow"}, "claims"),
        ({"nbf": int(NOW.timestamp()) + 61}, "claims"),
        ({"iat": int(NOW.timestamp()) + 61}, "claims"),
        ({"aud": None}, "audience"),
        ({"aud": ["console", "another"]}, "audience"),
        ({"aud": ["console", "another"], "azp": "another"}, "audience"),
        ({"aud": "console", "azp": "another"}, "audience"),
        ({"aud": ["another"]}, "audience"),
        ({"nonce": None}, "nonce"),
        ({"nonce": ""}, "nonce"),
        ({"sub": None}, "subject"),
        ({"sub": "bootstrap"}, "subject"),
        ({"roles": None}, "no-role"),
    ],
)
def test_what_does_not_hold_is_refused_by_its_word(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(SignInRefused) as refused:
        finish(Place(), signed(**changed))
    assert refused.value.why == why


@pytest.mark.parametrize("changed", [{"exp": int(NOW.timestamp()) - 59}, {"aud": ["console"]}, {"aud": ["console", "x"], "azp": "console"}, {"azp": "console"}])
def test_what_holds_is_taken(changed: dict[str, Any]) -> None:
    assert finish(Place(), signed(**changed)) == (Role.VIEWER,)


def test_other_algorithms_of_the_list_are_taken_and_header_members_of_the_providers_own() -> None:
    assert finish(Place(), signed(header={"alg": "PS256"})) == (Role.VIEWER,)


@pytest.mark.parametrize("crit", [True, False])
def test_what_must_be_understood_and_is_not_is_refused(crit: bool) -> None:
    """RFC 7515 §4.1.11. The library would not make such a token, so it is signed here by hand."""
    _, payload, _ = signed().split(".")
    head = _part(json.dumps({"alg": "RS256", "kid": "one", "x": 1, **({"crit": ["x"]} if crit else {})}).encode())
    signature = KEY.private_key.sign(f"{head}.{payload}".encode(), PKCS1v15(), SHA256())
    token = f"{head}.{payload}.{_part(signature)}"
    if crit:
        with pytest.raises(SignInRefused, match="signature"):
            finish(Place(), token)
    else:
        assert finish(Place(), token) == (Role.VIEWER,)


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(400, json={"error": "invalid_grant"}), SignInRefused),
        (httpx.Response(200, json={"error": "server_error"}), SignInRefused),
        (httpx.Response(401, text="no"), SignInRefused),
        (httpx.Response(200, json={"token_type": "Bearer"}), SignInRefused),
        (httpx.Response(200, json={"token_type": "Bearer", "id_token": 7}), SignInRefused),
        (httpx.Response(200, json={"token_type": "Bearer", "id_token": "x" * 40_000}), SignInRefused),
        (httpx.Response(200, json={"token_type": "Bearer", "id_token": "not.a.token"}), SignInRefused),
        (httpx.Response(200, json={"token_type": "Bearer", "id_token": "é"}), SignInRefused),
        (httpx.Response(500), ProviderUnavailable),
        (httpx.Response(200, text="<html>"), ProviderUnavailable),
        (httpx.Response(200, json=[]), ProviderUnavailable),
        (httpx.Response(302, headers={"location": "https://evil.example"}), SignInRefused),
    ],
)
def test_every_answer_of_the_token_endpoint_is_one_of_two_errors(answer: httpx.Response, error: type[Exception]) -> None:
    with pytest.raises(error):
        Place(token=lambda: answer).provider().finish("code", None, JOURNEY, "https://console.example/cb")


def test_nothing_secret_prints() -> None:
    place = Place()
    provider = place.provider()
    journey = provider.begin("https://console.example/cb")
    for secret in (journey.state, journey.nonce, journey.verifier, "secret"):
        assert secret not in repr(journey).replace(journey.address, "")
        assert secret not in repr(provider._as)
