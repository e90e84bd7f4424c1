"""Logs, metrics and traces: what is read of the gateway besides its store, off the audit events that the store keeps.

What it is: the only structlog set-up, and the one object that processes tell. What it is not: a place for content: a
line holds short ids, codes, counts and digests, and `withhold` takes out whatever looks like a message, a token or a
value. Called by the store after each commit, by doors, workers and the pipeline's owner. One instance per process.
"""

import logging
import re
import sys
import threading
import time
import traceback
from collections import Counter as Tally
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import TextIO

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from gateway.audit.events import AuditCode, AuditEvent
from gateway.changes import Changes
from gateway.config import LogFormat, LogLevel
from gateway.telemetry_facts import Figures, Round, Window
from gateway.telemetry_metrics import BATCHES, BUGS, REFUSALS, REQUESTS, Metrics, Names
from gateway.telemetry_traces import Traces
from schemas.faults import FaultCode

_LONGEST_TEXT = 200
_MOST_PLACES = 200
_OTHER_CAUSES = "one of many"
_SAFE_TEXT = re.compile(r"[\w .,:;/@+*'()#%&?\-]*\Z")
"""No angle brackets, braces, quotes, line breaks or equals signs: no XML, JSON, PEM or log forging."""
_TOKEN = re.compile(r"eyJ[\w-]{8,}|[\w-]{20,}\.[\w-]{20,}\.[\w-]{20,}")
_URL_SECRET = re.compile(r"//[^/\s]*@")
_OWN_KEYS = frozenset({"event", "level", "logger", "timestamp"})
_WITHHELD = "[withheld]"
_STDLIB = logging.getLogger("gateway")


class Telemetry:
    """Counts and tells. Safe from any thread."""

    def __init__(self, registry: CollectorRegistry | None = None, monotonic: Callable[[], float] = time.monotonic, traces: Traces | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._log = structlog.stdlib.get_logger("gateway")
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._untold: Tally[tuple[str, str, str]] = Tally()
        self._told_at: dict[tuple[str, str, str], float] = {}
        self._names = Names(monotonic)
        self._metrics = Metrics(self.registry, self._names)
        self._traces = traces

    def know(self, names: Callable[[], Collection[str]]) -> None:
        """Where to ask which parties and organisations there are: no other name becomes a label."""
        self._names.source = names

    def observe(self, event: AuditEvent) -> None:
        """One committed event becomes one log line and its counts."""
        self._metrics.event(event)
        loud = event.code in _LOUD
        if not loud and not _STDLIB.isEnabledFor(logging.INFO):
            return
        write = self._log.warning if loud else self._log.info
        write(event.code.value, subject=event.subject, at=event.at.isoformat(), **{f"fact_{name}": value for name, value in event.facts.items()})

    def written(self, batch: Sequence[Changes], began: datetime, ended: datetime) -> None:
        """A batch became durable."""
        with self._harmless("telemetry.written"):
            self._metrics.written(batch, began, ended)
            if self._traces is not None:
                self._traces.written(batch, began, ended)

    def round(self, done: Round) -> None:
        """A courier has been to its partner."""
        with self._harmless("telemetry.round"):
            self._metrics.round(done)
            if self._traces is not None:
                self._traces.round(done)

    def published(self, window: Window) -> None:
        """The broker has answered the relay."""
        with self._harmless("telemetry.published"):
            self._metrics.published(window)
            if self._traces is not None:
                self._traces.published(window)

    def figures(self, figures: Figures | None) -> None:
        """How things stand in the store; None where another process tells."""
        self._metrics.figures(figures)

    def close(self) -> None:
        """Send what was not sent yet."""
        if self._traces is not None:
            self._traces.close()

    @contextmanager
    def _harmless(self, place: str) -> Iterator[None]:
        """What was written stands, whatever the counting of it meets."""
        try:
            yield
        except Exception as bug:  # noqa: BLE001 - see above
            self.bug(place, bug)

    def refused(self, door: str, code: FaultCode, cause: str = "") -> None:
        """Somebody unknown was refused: a count, and at most one line a minute for each door, code and cause, so
        that an outsider cannot fill the disk. `cause` is one of our own words: for the operator, never for the
        caller, and no label of the counter."""
        self._metrics.count(REFUSALS, door, code.value)
        now = self._monotonic()
        with self._lock:
            place = self._place(door, code.value, cause)
            self._untold[place] += 1
            if now - self._told_at.get(place, -61.0) < 60.0:
                return
            self._told_at[place] = now
            count = self._untold.pop(place)
        self._log.warning("door.refused", door=door, fault=code.value, cause=place[2], count=count)

    def _place(self, door: str, code: str, cause: str) -> tuple[str, str, str]:
        """What shares one line a minute. Should causes ever be without number, the late ones are one."""
        place = (door, code, cause)
        return place if place in self._told_at or len(self._told_at) < _MOST_PLACES else (door, code, _OTHER_CAUSES)

    def request(self, door: str, status: int, seconds: float) -> None:
        """One answered request."""
        self._metrics.took(REQUESTS, seconds, door, str(status))

    def batch(self, step: str, items: int) -> None:
        """One commit and how many shared it."""
        self._metrics.took(BATCHES, items, step)

    def level(self, name: str, value: float) -> None:
        """The last seen height of something."""
        self._metrics.level(name, value)

    def bug(self, place: str, error: BaseException, reference: str = "") -> None:
        """An error that nobody expected: its type and where it arose, never its text, which may hold values."""
        self._metrics.count(BUGS, place, type(error).__name__)
        self._log.error("bug", place=place, reference=reference, type=type(error).__name__, trace=_places(error.__traceback__))

    def note(self, event: str, **facts: str | int | float | bool) -> None:
        """Something about the process itself: started, stopped, reconnected."""
        self._log.info(event, **facts)

    def render(self) -> tuple[bytes, str]:
        """Everything counted, in Prometheus' text form, with its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST


_LOUD = frozenset(
    {AuditCode.SUBMISSION_REFUSED, AuditCode.DELIVERY_REFUSED, AuditCode.DELIVERY_SET_ASIDE, AuditCode.RECEIPT_REFUSED, AuditCode.DEAD_LETTER_STORED}
)


def set_up_logging(level: LogLevel = LogLevel.INFO, form: LogFormat = LogFormat.JSON, stream: TextIO | None = None) -> None:
    """Send every log line of the process, ours and the libraries', through one filter to stderr."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer() if form is LogFormat.JSON else structlog.dev.ConsoleRenderer(colors=False)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(strip_foreign)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, withhold, renderer]
        )
    )
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.value.upper())
    for chatty in ("httpx", "httpcore", "pika", "uvicorn", "uvicorn.error", "asyncio", "urllib3", "alembic", "sqlalchemy"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("opentelemetry").setLevel(logging.ERROR)  # one line for a batch that was dropped, none for each retry


def withhold(_logger: object, _method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Replace every value that could be content by a mark. The last processor before rendering."""
    for key in list(line):
        line[key] = _safe(line[key]) if key not in _OWN_KEYS or key == "event" else line[key]
    return line


def strip_foreign(record: logging.LogRecord) -> bool:
    """A library's line keeps its template and the type of its error; arguments and texts may hold values."""
    if isinstance(record.msg, dict):  # one of ours, on its way to the formatter
        return True
    template = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
    kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
    # a template without arguments may have been formatted beforehand: first line only, and it is filtered again
    head = (template.splitlines() or [""])[0].replace("%", "")
    record.msg, record.args = (f"{head} ({kind})" if kind else head), None
    record.exc_info, record.exc_text, record.stack_info = None, None, None
    return True


def _safe(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value if _harmless(value) else _WITHHELD
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return [_safe(item) for item in value[:20]]
    return _WITHHELD


def _harmless(text: str) -> bool:
    return len(text) <= _LONGEST_TEXT and bool(_SAFE_TEXT.match(text)) and not _TOKEN.search(text) and not _URL_SECRET.search(text)


def _places(trace: TracebackType | None) -> list[str]:
    """The last frames as `module:line function`, innermost last; no source line, no local value."""
    frames = traceback.extract_tb(trace, limit=-8)
    return [f"{frame.filename[-60:]}:{frame.lineno} {frame.name.strip('<>')}" for frame in frames]
