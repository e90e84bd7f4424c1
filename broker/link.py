"""One AMQP connection with one channel, living in a thread of its own.

What it is: pika's `SelectConnection` behind two calls, so that heartbeats go on while callers work and wait,
and a window of confirms costs one round trip. What it is not: a publisher or consumer: those are in
`broker.rabbitmq`, its only caller. Made once, lost once: who needs another makes another.
"""

import threading
from collections.abc import Callable
from functools import partial

import pika
from pika.channel import Channel
from pika.connection import Connection
from pika.exceptions import AMQPError
from pika.frame import Method

from broker.contract import BrokerUnavailable

OPEN_SECONDS = 15.0
"""For TCP, TLS, AMQP handshake and the first declarations together."""
CLOSE_SECONDS = 5.0
Act = Callable[[Channel], None]


class Link:
    """A connection that is open when the constructor returns, and tells once when it is lost."""

    def __init__(self, parameters: pika.ConnectionParameters, prepare: Callable[["Link", Channel], None], lost: Callable[[str], None]) -> None:
        """Open it. `prepare` is called in the link's thread with a fresh channel and ends by calling `ready`;
        `lost` is called there once, with a reason that holds no secret, also after `close`.

        Raises BrokerUnavailable.
        """
        self._parameters = parameters
        self._prepare = prepare
        self._lost = lost
        self._lock = threading.Lock()
        self._settled = threading.Event()
        self._reason = ""
        self._gone = False
        self._channel: Channel | None = None
        self._connection: pika.SelectConnection | None = None
        self._thread = threading.Thread(target=self._run, name="amqp-link", daemon=True)
        self._thread.start()
        self._await_open()

    @property
    def alive(self) -> bool:
        """False from the moment of loss."""
        return not self._gone

    def ready(self, _frame: Method | None = None) -> None:
        """Called by `prepare` when the channel is as its owner wants it; fits pika's callbacks."""
        self._settled.set()

    def call(self, act: Act) -> None:
        """Have `act` done with the channel in the link's thread, soon. Raises BrokerUnavailable when it is lost."""
        with self._lock:
            if self._gone or self._connection is None:
                raise BrokerUnavailable(self._reason or "the connection is closed")
            self._connection.ioloop.add_callback_threadsafe(partial(self._act, act))

    def give_up(self, reason: str) -> None:
        """Count it as lost from now on and have it closed. Does not wait; any thread may call."""
        with self._lock:
            if self._gone or self._connection is None:
                return
            self._connection.ioloop.add_callback_threadsafe(partial(self._close, reason))
            self._gone, self._reason = True, reason

    def close(self) -> None:
        """Close in good order; what was called before is still sent. Waits for the thread."""
        with self._lock:
            if not self._gone and self._connection is not None:
                self._connection.ioloop.add_callback_threadsafe(partial(self._close, "closed by us"))
        self._thread.join(CLOSE_SECONDS)

    def _await_open(self) -> None:
        if not self._settled.wait(OPEN_SECONDS):
            self.close()
            raise BrokerUnavailable(f"the broker did not open a channel within {OPEN_SECONDS:.0f} s")
        if self._gone:
            self._thread.join(CLOSE_SECONDS)
            raise BrokerUnavailable(self._reason)

    def _run(self) -> None:
        connection = pika.SelectConnection(
            self._parameters, on_open_callback=self._opened, on_open_error_callback=self._not_opened, on_close_callback=self._closed
        )
        self._connection = connection
        try:
            connection.ioloop.start()
        finally:
            with self._lock:
                self._gone = True
                self._reason = self._reason or "the connection's thread ended"
            self._lost(self._reason)
            self._settled.set()
            connection.ioloop.close()

    def _act(self, act: Act) -> None:
        if self._channel is not None and self._channel.is_open:
            try:
                act(self._channel)
            except AMQPError as error:
                self._close(f"the channel failed: {type(error).__name__}")

    def _opened(self, connection: Connection) -> None:
        if self._gone:
            # too late: nobody waits for it any more
            connection.close()
            return
        connection.channel(on_open_callback=self._channel_opened)

    def _channel_opened(self, channel: Channel) -> None:
        self._channel = channel
        channel.add_on_close_callback(self._channel_closed)
        self._prepare(self, channel)

    def _channel_closed(self, _channel: Channel, reason: BaseException) -> None:
        self._close(_said(reason))

    def _not_opened(self, _connection: Connection, error: BaseException | str) -> None:
        self._stop(_said(error))

    def _closed(self, _connection: Connection, reason: BaseException) -> None:
        self._stop(_said(reason))

    def _close(self, reason: str) -> None:
        with self._lock:
            self._gone = True
            self._reason = self._reason or reason
        if self._connection is not None and self._connection.is_open:
            self._connection.close()

    def _stop(self, reason: str) -> None:
        self._reason = self._reason or reason
        if self._connection is not None:
            self._connection.ioloop.stop()


def _said(reason: BaseException | str) -> str:
    """A reason in words: the broker's own code and text where it gave one, else the kind of failure."""
    code = getattr(reason, "reply_code", None)
    if code is not None:
        return f"the broker closed: {code} {getattr(reason, 'reply_text', '')}"
    return f"the connection failed: {type(reason).__name__}"
