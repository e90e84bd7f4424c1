"""Sessions: who is signed in, kept on our side.

What it is: an opaque token for the person's browser or command line, and a row under its SHA-256. What it is not:
sign-in (`sign_in`), nor what a person may do (`gateway.oversight.access`). Called by `permitted` for every request.
A new token is made at every sign-in; a session ends by itself after its idle time (browsers) or its absolute time.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.audit.events import AuditCode, AuditEvent, Fact
from gateway.contract import Clock
from gateway.oversight.access import Role
from gateway.oversight.ports import Oversight
from gateway.oversight.records import Operator, OperatorSession, SessionKind
from schemas.identifiers import Digest

_TOKEN_BYTES = 32
_TOUCH_SECONDS = 60.0
"""A session is written as seen at most this often: a page of ten requests is one use."""
LONGEST_TOKEN = 128


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that has just begun, with the one copy of its token."""

    token: str = field(repr=False)
    session: OperatorSession


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long sessions last."""

    idle: timedelta
    absolute: timedelta


def new_token() -> str:
    """256 random bits: nobody guesses it, so a plain digest is enough to keep."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def digest_of(token: str) -> Digest:
    """What is kept of a token."""
    return Digest(f"sha-256:{hashlib.sha256(token.encode()).hexdigest()}")


class Sessions:
    """Opens, finds and ends them. Raises StoreUnavailable."""

    def __init__(self, oversight: Oversight, clock: Clock, lifetimes: Lifetimes) -> None:
        self._oversight = oversight
        self._clock = clock
        self._lifetimes = lifetimes

    def open(self, operator: Operator, roles: Sequence[Role], kind: SessionKind, how: str) -> Opened:
        """A new session under a new token. `how` is one of our own words, for the audit."""
        now, token = self._clock(), new_token()
        session = OperatorSession(
            session=digest_of(token),
            kind=kind,
            operator=operator,
            roles=tuple(roles),
            csrf=new_token(),
            created_at=now,
            seen_at=now,
            expires_at=now + self._lifetimes.absolute,
        )
        facts = {"how": how, "kind": kind.value, "roles": " ".join(role.value for role in roles)}
        self._oversight.put_session(session, _event(AuditCode.OPERATOR_SIGNED_IN, now, operator, facts))
        return Opened(token, session)

    def find(self, token: str, kind: SessionKind) -> OperatorSession | None:
        """The session of this token where it is alive and of this kind; a look that is not counted as use."""
        if not token or len(token) > LONGEST_TOKEN:
            return None
        session = self._oversight.session(digest_of(token))
        return session if session is not None and session.kind is kind and self._alive(session) else None

    def use(self, token: str, kind: SessionKind) -> OperatorSession | None:
        """The same, counted as use: a browser's idle time begins anew."""
        session, now = self.find(token, kind), self._clock()
        if session is not None and (now - session.seen_at).total_seconds() >= _TOUCH_SECONDS:
            self._oversight.touch_session(session.session, now)
        return session

    def sign_out(self, session: OperatorSession) -> None:
        """The person ends it."""
        now = self._clock()
        self._oversight.end_session(session.session, now, _event(AuditCode.OPERATOR_SIGNED_OUT, now, session.operator, {"kind": session.kind.value}))

    def replace(self, token: str) -> None:
        """A new sign-in in the same browser ends what was there before it."""
        if (session := self.find(token, SessionKind.BROWSER)) is not None:
            self.sign_out(session)

    def end(self, session: Digest, by: Operator) -> OperatorSession | None:
        """An administrator ends it; None where it is not there or had ended."""
        found, now = self._oversight.session(session), self._clock()
        if found is None:
            return None
        event = AuditEvent(AuditCode.SESSION_ENDED, now, found.operator.subject, {"by": by.subject, "kind": found.kind.value})
        return found if self._oversight.end_session(session, now, event) else None

    def active(self) -> Sequence[OperatorSession]:
        """Everybody who is signed in now, newest first."""
        return [session for session in self._oversight.sessions(self._clock()) if self._alive(session)]

    def _alive(self, session: OperatorSession) -> bool:
        now = self._clock()
        if session.ended_at is not None or now >= session.expires_at:
            return False
        # A command line works unattended between two commands; the absolute end is its only one.
        return session.kind is SessionKind.COMMAND_LINE or now - session.seen_at < self._lifetimes.idle


def _event(code: AuditCode, now: datetime, operator: Operator, facts: Mapping[str, Fact]) -> AuditEvent:
    return AuditEvent(code, now, operator.subject, {**facts, "by": operator.subject})
