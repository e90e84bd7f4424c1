"""Every noun of the API, in one list.

What it is: what `app` includes beside the pages. What it is not: a route.
"""

from collections.abc import Callable

from fastapi import APIRouter

from gateway.console.api import alerts, audit, dead_letters, messages, partners, queues, receipts, work
from gateway.console.parts import ConsoleParts

NOUNS: tuple[Callable[[ConsoleParts], APIRouter], ...] = (
    queues.routes,
    dead_letters.routes,
    messages.routes,
    receipts.routes,
    partners.routes,
    alerts.routes,
    audit.routes,
    work.routes,
)
