"""A partner's way to the gateway's HTTPS doors, over its own TLS identity.

What it is: one HTTP client with the partner's client certificate, its caller tokens, and the gateway's published
keys. What it is not: a retry policy: each partner decides what to send again. Called by the simulated partners.
"""

import base64
import re
import ssl
from dataclasses import dataclass

import httpx

from gateway.rehearsal.jose import KeySet, PartnerKey, PublishedKeys

JOSE = "application/jose"
SOAP_PATH = "/cxf/InboundSPGProxy/1.2"
KEYS_PATH = "/.well-known/jwks.json"
TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and with which key."""

    organisation: str
    key: PartnerKey
    audience: str


class GatewayLink:
    """Safe to call from several threads."""

    def __init__(self, base_url: str, caller: Caller, tls: ssl.SSLContext) -> None:
        self._base_url, self._caller = base_url, caller
        self._client = httpx.Client(verify=tls, timeout=TIMEOUT_SECONDS, trust_env=False)

    def published_keys(self) -> PublishedKeys:
        """The gateway's key set, asked for again when an unknown key is named or its time is up."""
        first = self.fetch_keys()
        return PublishedKeys(first.jwks, self.fetch_keys, first.max_age_seconds)

    def fetch_keys(self) -> KeySet:
        """The key set as it is published now. Raises httpx.HTTPError."""
        answer = self._client.get(self._base_url + KEYS_PATH)
        answer.raise_for_status()
        told = re.search(r"max-age=(\d+)", answer.headers.get("cache-control", ""))
        return KeySet(answer.json(), float(told[1]) if told else float("inf"))

    def published_certificates(self) -> tuple[bytes, ...]:
        """Certificates of the gateway's WS-Security keys (`x5c`, RFC 7517 §4.7), DER."""
        keys = self.fetch_keys().jwks["keys"]
        if not isinstance(keys, list):
            raise TypeError("the key set is not a list")
        return tuple(base64.b64decode(key["x5c"][0]) for key in keys if "x5c" in key)

    def post_message(self, jws: str, *, caller: Caller | None = None) -> httpx.Response:
        """Hand in a signed message; as somebody else where `caller` says so."""
        return self._call("POST", "/v1/messages", content=jws.encode(), content_type=JOSE, caller=caller)

    def post_soap(self, body: bytes, content_type: str) -> httpx.Response:
        """Hand in a SOAP envelope: its own signature identifies it."""
        return self._client.post(self._base_url + SOAP_PATH, content=body, headers={"content-type": content_type})

    def get(self, path: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> httpx.Response:
        """Ask for something with a caller token."""
        return self._call("GET", path, timeout_seconds=timeout_seconds)

    def get_as(self, url: str, authorization: str) -> httpx.Response:
        """Ask for something with any authorization, or with none where it is empty."""
        return self._client.get(url, headers={"authorization": authorization} if authorization else {})

    def token_for(self, path: str, key: PartnerKey | None = None) -> str:
        """A caller token to get something there; by another key where one is given."""
        who = self._caller
        return (key or who.key).caller_token(organisation=who.organisation, audience=who.audience, method="GET", url=self._base_url + path)

    def post(self, path: str, content: bytes, content_type: str = JOSE) -> httpx.Response:
        """Hand in something else, for example a receipt."""
        return self._call("POST", path, content=content, content_type=content_type)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def _call(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        content_type: str = "",
        caller: Caller | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> httpx.Response:
        who = caller or self._caller
        url = self._base_url + path
        token = who.key.caller_token(organisation=who.organisation, audience=who.audience, method=method, url=url.partition("?")[0])
        headers = {"authorization": f"Bearer {token}"} | ({"content-type": content_type} if content_type else {})
        return self._client.request(method, url, content=content, headers=headers, timeout=timeout_seconds)
