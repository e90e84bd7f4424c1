"""Every channel that exists, by the name that agreements use.

What it is: one line per channel. What it is not: a composition root: only `bootstrap` imports it and gives the
factories what they need. The shelf has no channel: there the partner calls us.
"""

import ssl
from collections.abc import Callable, Iterable, Mapping

from adapters.channels.broker_queue import BrokerQueueChannel
from adapters.channels.file_drop import FileDropChannel
from adapters.channels.https_push import HttpsPushChannel, allow_list
from adapters.contract import Channel


def _push(context: ssl.SSLContext, allowed: Iterable[str]) -> Channel:
    return HttpsPushChannel(context, allow_list(allowed))


CHANNELS: Mapping[str, Callable[..., Channel]] = {"push": _push, "queue": BrokerQueueChannel, "drop": FileDropChannel}
