"""InterchangeStatusNotification: how the processing of an earlier interchange ended."""

from schemas.canonical.values import StatusNumber
from schemas.payload import Payload


class InterchangeStatusNotification(Payload):
    """The asynchronous answer: 202 once the receiving case system has applied it. Never answered itself."""

    status_code: StatusNumber
