"""What the audit's page and its API share: the actions over the gateway's published keys.

What it is: wiring, and the answer where no keys are known. What it is not: a secret: checkpoints are believed by public keys.
"""

from collections.abc import Callable

from gateway.audit.chain import Checkpoint
from gateway.console.errors import ConsoleError
from gateway.console.parts import ConsoleParts
from gateway.control.auditing import AuditActions
from gateway.trust.checkpoints import checkpoint_reader
from gateway.trust.published import published_keyring

_WITHOUT = "The gateway's published keys are not known here, and a checkpoint cannot be believed without them. Nothing is said of the chain."


def actions_of(parts: ConsoleParts) -> AuditActions:
    """The keys are read at each check: they may have been exchanged since."""
    return AuditActions(parts.desk, lambda: _reader(parts))


def _reader(parts: ConsoleParts) -> Callable[[str], Checkpoint | None]:
    keyring = published_keyring(parts.jwks())
    if not keyring.keys:
        raise ConsoleError(503, "The chain cannot be checked here", _WITHOUT, "keys-unavailable")
    return checkpoint_reader(keyring)
