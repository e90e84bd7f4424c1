"""Sending one message in the JSON form.

What it is: the protected header, the caller token and the POST of docs/protocol. What it is not: a queue: it
tries once, and the answer says whether trying again can help. Called by `gateway send`.
"""

import json
import secrets
import ssl
import stat
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from gateway.commands.context import configured, reporting
from gateway.commands.documents import read_bytes
from gateway.commands.output import CommandError, Exit
from gateway.trust import strict_json
from gateway.trust.caller import make_caller_token
from gateway.trust.contract import Limits, Signer
from gateway.trust.jws import MEDIA_TYPE, sign
from gateway.trust.signing import signer_from_pem
from schemas.identifiers import OrganisationId
from schemas.telling import line

PATH = "/v1/messages"
TIMEOUT_SECONDS = 60.0
_EXITS = {401: Exit.NOT_SIGNED_IN, 403: Exit.NOT_ALLOWED, 404: Exit.NOT_FOUND, 409: Exit.CONFLICT, 429: Exit.UNAVAILABLE, 503: Exit.UNAVAILABLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Who sends, with which keys, to where."""

    sender: str
    organisation: str
    key: Path
    auth_key: Path
    gateway: str | None
    audience: str | None
    ca: Path | None
    client_certificate: Path | None


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to be signed."""

    message_id: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """What the gateway answered to a message that it accepted."""

    status: int
    location: str
    receipt: str


def prepare(file: Path, sending: Sending) -> Letter:
    """Read the message and fill in what a person should not have to write."""
    with reporting():
        message = dict(strict_json.parse_object(read_bytes(file), Limits()))
    header = message.get("header")
    if not isinstance(header, dict) or "document" not in message:
        raise CommandError(Exit.USAGE, "message-invalid", f"{file} needs the members `header` and `document`.")
    if header.get("sender", sending.sender) != sending.sender:
        raise CommandError(Exit.USAGE, "sender-differs", f"{file} names another sender than --as.")
    fresh = str(uuid.uuid4())
    filled = {"message_id": fresh, "control_reference": fresh, "prepared_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")}
    whole = {**filled, **header, "sender": sending.sender}
    payload = json.dumps({**message, "header": whole}, ensure_ascii=False, separators=(",", ":")).encode()
    return Letter(str(whole["message_id"]), payload)


def submit(letter: Letter, sending: Sending) -> Taken:
    """Sign, post, and read the answer. Raises CommandError for whatever is not a 202."""
    with configured() as settings:
        base, audience = (sending.gateway or settings.public_url).rstrip("/"), sending.audience or settings.audience
        signer, caller = _signer(sending.key), _signer(sending.auth_key)
    now, url = datetime.now(UTC), base + PATH
    body = sign(letter.payload, "message", signer, audience=audience, now=now)
    token = make_caller_token(
        caller, OrganisationId(sending.organisation), audience=audience, method="POST", url=url, now=now, token_id=secrets.token_urlsafe(18)
    )
    headers = {"Authorization": f"Bearer {token}", "Content-Type": MEDIA_TYPE}
    try:
        with httpx.Client(verify=_tls(sending), timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            response = client.post(url, content=body, headers=headers)
    except httpx.HTTPError as error:
        title = f"The gateway cannot be reached ({type(error).__name__})."
        raise CommandError(Exit.UNAVAILABLE, "gateway-unreachable", title, "send the same message again: it is taken once") from error
    if response.status_code != httpx.codes.ACCEPTED:
        raise _refused(response)
    return Taken(response.status_code, response.headers.get("Location", ""), response.text.strip())


def _signer(path: Path) -> Signer:
    if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CommandError(Exit.NOT_ALLOWED, "key-open-to-others", f"{path} is open to others than its owner.", f"chmod go= {path}")
    return signer_from_pem(read_bytes(path))


def _tls(sending: Sending) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(sending.ca) if sending.ca else None)
        if sending.client_certificate is not None:
            context.load_cert_chain(str(sending.client_certificate))
    except (OSError, ssl.SSLError) as error:
        raise CommandError(Exit.USAGE, "certificate-unreadable", "A certificate file cannot be read.") from error
    return context


def _refused(response: httpx.Response) -> CommandError:
    exit_code = _EXITS.get(response.status_code, Exit.FAILURE)
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        return CommandError(exit_code, "refused", f"The gateway answered {response.status_code}.")
    code = str(problem.get("code") or problem.get("type") or "refused").rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    title = str(problem.get("title") or f"The gateway answered {response.status_code}.")
    return CommandError(exit_code, code, title, str(problem.get("advice", "")), _told(problem))


def _told(problem: Mapping[str, object]) -> tuple[str, ...]:
    """The fault that the answer is about, without what the error says anyway; then every other, whole."""
    first = line({name: value for name, value in problem.items() if name not in {"code", "blame"}})
    also = problem.get("also")
    others = [line(other) for other in also if isinstance(other, dict)] if isinstance(also, list) else []
    rest = [f"and {problem['more']} more"] if problem.get("more") else []
    return tuple(part for part in (first, *others, *rest) if part)
