"""Every channel that exists, by the name that agreements use.

What it is: one line per channel. What it is not: a composition root: only `bootstrap` imports it and gives the
factories what they need. The shelf has no channel: there the partner calls us.
"""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from adapters.channels.broker_queue import BrokerQueueChannel
from adapters.channels.https_push import HttpsPushChannel, MayCall
from adapters.contract import Channel
from broker.contract import Publisher


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What channels are made from."""

    publisher: Publisher
    tls: ssl.SSLContext
    may_call: MayCall


def _push(means: Means) -> Channel:
    return HttpsPushChannel(means.tls, means.may_call)


def _queue(means: Means) -> Channel:
    return BrokerQueueChannel(means.publisher)


CHANNELS: Mapping[str, Callable[[Means], Channel]] = {"push": _push, "queue": _queue}
