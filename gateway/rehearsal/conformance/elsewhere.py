"""An address where nothing of the gateway's lies: whoever asks for a detail there believed an event too much.

What it is: a listener that counts calls and answers 404. What it is not: the proving door. Called by the kit's stands.
"""

import ssl
from contextlib import ExitStack

from gateway.rehearsal.listener import Answer, Listener, Place, Request


class Watched:
    """See `conformance.stand.Elsewhere`."""

    def __init__(self, tls: ssl.SSLContext | None, place: Place | None = None) -> None:
        self.calls = 0
        self.listener = Listener(self._handle, tls, place)

    def url(self, path: str) -> str:
        """Of something there."""
        return self.listener.url(path)

    def _handle(self, _: Request) -> Answer:
        self.calls += 1
        return Answer(404)


def watched(tls: ssl.SSLContext | None, stack: ExitStack, place: Place | None = None) -> Watched:
    """One that listens until `stack` ends."""
    made = Watched(tls, place)
    made.listener.start()
    stack.callback(made.listener.stop)
    return made
