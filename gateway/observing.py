"""Observing: telemetry as the settings want it, and the listener that shows it.

What it is: settings in, wired parts out. What it is not: what is told (`gateway.telemetry`). Called by `bootstrap`.
"""

from collections.abc import Collection

from gateway.config import Settings
from gateway.telemetry import Telemetry
from gateway.telemetry_traces import open_traces
from gateway.workers.metrics_listener import MetricsListener

_EVERYTHING = "gateway"


def make_telemetry(settings: Settings, roles: Collection[str]) -> Telemetry:
    """Logs and metrics; traces too where a collector is named."""
    if settings.traces_endpoint is None:
        return Telemetry()
    process = f"gateway-{next(iter(roles))}" if len(roles) == 1 else _EVERYTHING
    return Telemetry(traces=open_traces(settings.traces_endpoint, process=process, environment=settings.environment.value, share=settings.traces_share))


def start_listener(settings: Settings, telemetry: Telemetry) -> MetricsListener | None:
    """The listener, answering; None where no port is set. Raises ListenerNotStarted."""
    if settings.metrics_port is None:
        return None
    listener = MetricsListener(settings.metrics_host, settings.metrics_port, settings.metrics_networks, telemetry.render)
    listener.start()
    return listener
