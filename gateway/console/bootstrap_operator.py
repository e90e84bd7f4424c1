"""The bootstrap operator: how a developer gets into a console that has no identity provider.

What it is: a one-time token, printed where the console starts, that signs in one person with every role. What it is
not: there in live (the settings refuse it, and so does this), nor a password: the token is 256 random bits, only its
digest is kept, each works once and for a day. Called by `sign_in`; made by `bootstrap`.
"""

import threading
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from gateway.audit.events import AuditCode, AuditEvent
from gateway.config import ConfigurationInvalid, Environment
from gateway.console.errors import ConsoleError
from gateway.console.sessions import LONGEST_TOKEN, digest_of, new_token
from gateway.console.viewer import BOOTSTRAP_SUBJECT
from gateway.contract import Clock
from gateway.oversight.access import Role
from gateway.oversight.ports import Oversight
from gateway.oversight.records import Operator, SignIn

BOOTSTRAP: Final = Operator(BOOTSTRAP_SUBJECT, "Development operator")
ALL_ROLES: Final = tuple(Role)
_KIND = "bootstrap"
_LIFE = timedelta(days=1)
_TRIES = 5
_WINDOW_SECONDS = 60.0


class Attempts:
    """At most so many in a window, over everybody: who guesses from many addresses is slowed just the same."""

    def __init__(self, monotonic: Callable[[], float], tries: int = _TRIES, window_seconds: float = _WINDOW_SECONDS) -> None:
        self._monotonic = monotonic
        self._tries, self._window_seconds = tries, window_seconds
        self._lock = threading.Lock()
        self._made: deque[float] = deque()

    def count(self) -> None:
        """One more try. Raises ConsoleError (429) where there were too many."""
        now = self._monotonic()
        with self._lock:
            while self._made and now - self._made[0] >= self._window_seconds:
                self._made.popleft()
            if len(self._made) >= self._tries:
                raise ConsoleError(429)
            self._made.append(now)


class BootstrapOperator:
    """Makes tokens, and takes each once."""

    def __init__(self, environment: Environment, oversight: Oversight, clock: Clock, monotonic: Callable[[], float]) -> None:
        if environment is Environment.LIVE:
            raise ConfigurationInvalid("live has no bootstrap operator")
        self._oversight = oversight
        self._clock = clock
        self._attempts = Attempts(monotonic)

    def new_token(self) -> str:
        """A token that works once, for a day; only its digest is kept. Raises StoreUnavailable."""
        token = new_token()
        self._oversight.put_sign_in(SignIn(state=digest_of(token), kind=_KIND, facts={}, expires_at=self._clock() + _LIFE))
        return token

    def admit(self, token: str) -> bool:
        """Whether this token holds; it never does again. Raises ConsoleError (429) after too many tries, and StoreUnavailable."""
        self._attempts.count()
        now = self._clock()
        # What is looked up is the digest of what was given: how long that takes says nothing about any token.
        if 0 < len(token) <= LONGEST_TOKEN and self._oversight.take_sign_in(digest_of(token), _KIND, now) is not None:
            return True
        self._oversight.note_look([AuditEvent(AuditCode.OPERATOR_REFUSED, now, BOOTSTRAP_SUBJECT, {"why": "bootstrap-token", "by": BOOTSTRAP_SUBJECT})])
        return False
