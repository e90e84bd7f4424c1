"""Caller tokens: one organisation, one request, once."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.trust import compact
from gateway.trust.caller import make_caller_token, verify_caller
from gateway.trust.keyring import Keyring, KeyUse
from schemas.faults import Fault, FaultCode, Refusal
from tests.support.trust import AUDIENCE, NOW, ORGANISATION, ed25519_signer, record

SIGNER = ed25519_signer("caller")
KEY = record(SIGNER, use=KeyUse.AUTH)
URL = "https://gateway.test/v1/messages"
ISSUED = int(NOW.timestamp())


def token(**changes: object) -> str:
    claims = {"iss": ORGANISATION, "sub": ORGANISATION, "aud": AUDIENCE, "iat": ISSUED, "exp": ISSUED + 120, "htm": "POST", "htu": URL, "jti": "t-1"}
    return forge({}, {name: value for name, value in (claims | changes).items() if value is not None})


def forge(header: dict[str, object], claims: object) -> str:
    plain: dict[str, object] = {"alg": "EdDSA", "kid": KEY.key_id, "typ": "caller+jwt"}
    return compact.join(json.dumps(plain | header).encode(), json.dumps(claims).encode(), SIGNER).decode()


def check(text: str, key: object = KEY, *, method: str = "POST", url: str = URL, seconds: int = 0) -> object:
    keyring = Keyring.of([key])  # type: ignore[list-item]
    return verify_caller(text, keyring.find, audience=AUDIENCE, method=method, url=url, now=NOW + timedelta(seconds=seconds))


def cause(text: str, key: object = KEY, *, method: str = "POST", url: str = URL, seconds: int = 0) -> str:
    with pytest.raises(Refusal) as caught:
        check(text, key, method=method, url=url, seconds=seconds)
    assert caught.value.fault == Fault(FaultCode.NOT_AUTHENTICATED)
    return caught.value.cause


def test_a_token_names_its_organisation_and_how_long_to_remember_it() -> None:
    made = make_caller_token(SIGNER, ORGANISATION, audience=AUDIENCE, method="post", url=URL + "?after=1", now=NOW, token_id="t-9")
    caller = verify_caller(made, Keyring.of([KEY]).find, audience=AUDIENCE, method="POST", url=URL, now=NOW)
    assert (caller.organisation, caller.token_id) == (ORGANISATION, "t-9")
    assert caller.expires == NOW + timedelta(seconds=420)
    assert check(made, seconds=419)
    assert cause(made, seconds=420) == "expired"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"aud": "gateway.live"}, "audience"),
        ({"aud": [AUDIENCE]}, "claim-aud"),
        ({"iss": "another"}, "not-the-key's-organisation"),
        ({"sub": "another"}, "not-the-key's-organisation"),
        ({"iss": "another", "sub": "another"}, "not-the-key's-organisation"),
        ({"exp": ISSUED + 301}, "lifetime"),
        ({"exp": ISSUED}, "lifetime"),
        ({"exp": ISSUED - 1}, "lifetime"),
        ({"iat": ISSUED + 301, "exp": ISSUED + 400}, "from-the-future"),
        ({"iat": ISSUED - 500, "exp": ISSUED - 300}, "expired"),
        ({"iat": "now"}, "claim-iat"),
        ({"exp": 1e12}, "claim-exp"),
        ({"exp": 10**20}, "claim-exp"),
        ({"htm": "GET"}, "other-request"),
        ({"htm": "post"}, "other-request"),
        ({"htu": URL + "/"}, "other-request"),
        ({"htu": "http://gateway.test/v1/messages"}, "other-request"),
        ({"htu": "https://gateway.test:8443/v1/messages"}, "other-request"),
        ({"htu": "https://gateway.test@evil.test/v1/messages"}, "other-request"),
        ({"htu": "https://gateway.test:x/"}, "claim-htu"),
        ({"htu": "//["}, "claim-htu"),
        ({"jti": ""}, "claim-jti"),
        ({"jti": "j" * 129}, "claim-jti"),
        ({"jti": None}, "claim-names"),
        ({"nbf": 0}, "claim-names"),
    ],
)
def test_claims(changes: dict[str, object], expected: str) -> None:
    assert cause(token(**changes)) == expected


@pytest.mark.parametrize("url", ["https://GATEWAY.test/v1/messages", "https://gateway.test:443/v1/messages", URL + "?after=7", URL + "#x"])
def test_one_url_may_be_spelt_in_several_ways(url: str) -> None:
    assert check(token(htu=url))
    assert check(token(), url=url)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (replace(KEY, use=KeyUse.SIGN), "key-use"),
        (replace(KEY, revoked_at=NOW), "key-not-valid-now"),
        (replace(KEY, algorithm="RS256"), "algorithm-not-the-key's"),
        (replace(record(ed25519_signer("other"), use=KeyUse.AUTH), key_id=KEY.key_id), "signature-invalid"),
        (record(ed25519_signer("other"), use=KeyUse.AUTH), "key-unknown"),
        (replace(KEY, organisation="another"), "not-the-key's-organisation"),
    ],
)
def test_the_key_record_decides(key: object, expected: str) -> None:
    assert cause(token(), key) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"alg": "none"}, "algorithm-not-the-key's"),
        ({"typ": "message+jws"}, "header-values"),
        ({"typ": "JWT"}, "header-values"),
        ({"crit": ["exp"]}, "header-names"),
        ({"jwk": {}}, "header-names"),
        ({"kid": 1}, "header-values"),
    ],
)
def test_headers(header: dict[str, object], expected: str) -> None:
    assert cause(forge(header, {})) == expected


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "é.é.é", "x" * 9000])
def test_no_token(text: str) -> None:
    assert cause(text) == "token-form"


@pytest.mark.parametrize("claims", [[], "x", None])
def test_no_claims(claims: object) -> None:
    assert cause(forge({}, claims)) == "claims-form"
