"""Console over HTTP: how long its pages take, and how soon a hundred people see a change, with a month of traffic.

What it is: the real console process over a store that is filled in bulk, asked as browsers ask. What it is not: the store
alone (`bench.console`). Exits with 1 where a limit is missed: `python -m bench.console_http --messages 1000000`.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import httpx
from sqlalchemy import select, update

from bench.filling import Month, Sent, fill
from broker.free_ports import free_port
from gateway import keystore
from gateway.rehearsal.measuring import machine, quantile
from gateway.rehearsal.postgres import PrivatePostgres
from gateway.rehearsal.programs import Program, write_settings
from gateway.rehearsal.services import clear
from gateway.store.engine import Database
from gateway.store.opening import migrate, open_store
from gateway.store.tables import deliveries, messages
from gateway.trust.sealing import case_lookup

DIRECTORY: Final = Path("var") / "bench-console-http"
LIMIT_MS: Final = 200.0
LIMIT_BYTES: Final = 100_000
LIMIT_SECONDS: Final = 2.0
LIMITED: Final = ("overview", "queue", "messages", "search")
"""Beginnings of the names of those that must be within the limit; the others are said."""
VIEWERS: Final = 100
CRN: Final = "X000001"
"""Made up."""
SINCE: Final = {"since": "2020-01-01T00:00:00Z"}
_TOKEN: Final = re.compile(r"within a day: (\S+)")
_FIELD: Final = re.compile(r'name="csrf" value="([^"]*)"')
_STATIC: Final = re.compile(r'(?:href|src)="(/static/[^"]+)"')


@dataclass(frozen=True, slots=True)
class Question:
    """What a browser asks: a page, or a form that leads to one."""

    path: str
    form: Mapping[str, str] | None = None

    def asked(self, browser: httpx.Client) -> httpx.Response:
        """The page that a person sees in the end."""
        if self.form is None:
            return browser.get(self.path)
        return browser.post(self.path, data=self.form, headers={"sec-fetch-site": "same-origin"}, follow_redirects=True)


def known_of(month: Month) -> Sent:
    """The message in the middle of the month that has a case."""
    return next(one for one in month.sent() if one.number >= month.messages // 2 and one.case_lookup)


def questions(month: Month, csrf: str) -> Mapping[str, Question]:
    """What is asked for, by name."""
    known = known_of(month)
    typed = {
        "search: CRN": {"crn": CRN},
        "search: control reference": {"control_reference": known.control_reference},
        "search: message id": {"message_id": known.message_id},
    }
    boxed = {"search: CRN in the box": CRN, "search: control reference in the box": known.control_reference}
    forms = {name: Question("/messages", {"csrf": csrf, **SINCE, **form}) for name, form in typed.items()}
    boxes = {name: Question("/search", {"csrf": csrf, "query": text}) for name, text in boxed.items()}
    return {name: Question(path) for name, path in _paths(known).items()} | forms | boxes


def _paths(known: Sent) -> Mapping[str, str]:
    week = urlencode(SINCE)
    return {
        "overview": "/",
        "queues": "/queues",
        "queue": "/queues/N00",
        "dead letters": "/dead-letters",
        "messages": "/messages",
        "search: party": f"/messages?{week}&party=C21",
        "search: type and state": f"/messages?{week}&type={known.type}&state=refused",
        "search: sender and recipient": f"/messages?{week}&sender=N00&recipient=C21",
        "message": f"/messages/{known.message_id}",
        "receipts": "/receipts",
        "partners": "/partners",
        "alerts": "/alerts",
        "audit": "/audit",
    }


@contextmanager
def console(month: Month, kind: str) -> Iterator[tuple[str, str, Path]]:
    """The address of a console over a filled store, that store, and the log in which its one-time token stands."""
    directory = DIRECTORY.resolve()
    clear(directory)
    keystore.create(directory / "keys", issuer="bench", now=datetime.now(UTC))
    server = PrivatePostgres(directory / "postgres") if kind == "postgresql" else None
    if server is not None:
        server.start()
    try:
        url = server.create_database("console").replace("postgresql://", "postgresql+psycopg://", 1) if server else f"sqlite:///{directory / 'gateway.db'}"
        _prepare(url, month, directory / "keys")
        yield from _served(directory, url)
    finally:
        if server is not None:
            server.stop()
        clear(directory)


def _served(directory: Path, url: str) -> Iterator[tuple[str, str, Path]]:
    port = free_port()
    settings = directory / "gateway.toml"
    own = {"environment": "dev", "data_dir": directory, "database_url": url, "broker": "memory", "keys_dir": directory / "keys", "audience": "bench"}
    write_settings(settings, {**own, "console_port": port, "console_bootstrap": True})
    program, address = Program("console", settings, directory / "console.log", directory / "console.pid"), f"http://127.0.0.1:{port}"
    program.start(["serve", "--role", "console"])
    try:
        program.wait_until(lambda: _answers(address))
        yield address, url, program.log_path
    finally:
        program.stop()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health", trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _prepare(url: str, month: Month, keys: Path) -> None:
    """A month of traffic with the tallies of it; one case of it is that of a number that can be typed."""
    migrate(url)
    fill(url, month)
    database = Database(url)
    try:
        with database.writing() as connection:
            own = case_lookup(keystore.open_keys(keys, need=keystore.Need.LOOKUP).lookup_key, CRN)
            connection.execute(update(messages).where(messages.c.case_lookup == known_of(month).case_lookup).values(case_lookup=own))
    finally:
        database.close()
    with closing(open_store(url)) as store:
        while store.oversight.tally(2000):
            pass


def signed_in(address: str, log: Path) -> httpx.Client:
    """A browser of the operator for development; to be closed."""
    token = _TOKEN.findall(log.read_text())[-1]
    browser = httpx.Client(base_url=address, timeout=60, trust_env=False)
    form = {"csrf": _FIELD.findall(browser.get("/sign-in").text)[0], "token": token, "next": "/"}
    answer = browser.post("/sign-in/token", data=form, headers={"sec-fetch-site": "same-origin"})
    if answer.status_code != httpx.codes.SEE_OTHER:
        raise RuntimeError(f"the sign-in was answered {answer.status_code}")
    return browser


def timed(browser: httpx.Client, question: Question, rounds: int) -> Mapping[str, float]:
    """p50 and p95 in milliseconds, from the call to the last byte."""
    took, size = [], 0
    for number in range(rounds + 1):
        started = time.perf_counter()
        answer = question.asked(browser)
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"{question.path} was answered {answer.status_code}")
        size = answer.num_bytes_downloaded
        if number:
            took.append(1000 * (time.perf_counter() - started))
    took.sort()
    return {"p50_ms": round(quantile(took, 0.5), 1), "p95_ms": round(quantile(took, 0.95), 1), "bytes": size}


def first_page(browser: httpx.Client) -> int:
    """Bytes as sent of the overview and everything that it loads."""
    files = dict.fromkeys(_STATIC.findall(browser.get("/").text))
    return sum(_sent(browser, path) for path in ("/", *files))


def _sent(browser: httpx.Client, path: str) -> int:
    with browser.stream("GET", path, headers={"accept-encoding": "gzip"}) as answer:
        return sum(len(part) for part in answer.iter_raw())


async def watched(address: str, cookies: str, url: str) -> Sequence[float]:
    """After how many seconds each of a hundred viewers saw a change."""
    place = httpx.URL(address)
    ready = [asyncio.Event() for _ in range(VIEWERS)]
    watching = [asyncio.create_task(_watch(place.host, place.port or 80, cookies, each)) for each in ready]
    await asyncio.gather(*(each.wait() for each in ready))
    await asyncio.sleep(1.5)
    changed = time.monotonic()
    await asyncio.to_thread(_change, url)
    return sorted([seen - changed for seen in await asyncio.wait_for(asyncio.gather(*watching), 60)])


async def _watch(host: str, port: int, cookies: str, ready: asyncio.Event) -> float:
    """When this viewer was told of another number of dead letters than at first."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET /live HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookies}\r\n\r\n".encode())
        await reader.readuntil(b'"total.dead"')
        ready.set()
        await reader.readuntil(b'"total.dead"')
        return time.monotonic()
    finally:
        writer.close()


def _change(url: str) -> None:
    """One delivery that waited is refused now."""
    database = Database(url)
    try:
        with database.writing() as connection:
            waiting = connection.execute(select(deliveries.c.delivery_id).where(deliveries.c.state == "waiting").limit(1)).scalar_one()
            connection.execute(update(deliveries).where(deliveries.c.delivery_id == waiting).values(state="refused", fault="recipient-refused"))
    finally:
        database.close()


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured."""

    store: str
    pages: Mapping[str, Mapping[str, float]]
    first_page_bytes: int
    seen_seconds: Sequence[float]
    """By each viewer, the quickest first."""

    @property
    def missed(self) -> list[str]:
        """What is over its limit."""
        found = [f"{name}: p95 {one['p95_ms']} ms" for name, one in self.pages.items() if name.startswith(LIMITED) and one["p95_ms"] > LIMIT_MS]
        found += [f"the first page has {self.first_page_bytes} bytes"] if self.first_page_bytes > LIMIT_BYTES else []
        return found + ([f"a change was seen after {self.seen_seconds[-1]:.1f} s"] if self.seen_seconds[-1] > LIMIT_SECONDS else [])

    def told(self) -> Mapping[str, object]:
        """For a reader."""
        seen = {"viewers": VIEWERS, "p50": round(quantile(self.seen_seconds, 0.5), 2), "last": round(self.seen_seconds[-1], 2)}
        return {"store": self.store, "pages": self.pages, "first_page_bytes": self.first_page_bytes, "change_seen_seconds": seen, "missed": self.missed}


def measure(month: Month, rounds: int, kind: str) -> Report:
    """All of it."""
    with console(month, kind) as (address, url, log), closing(signed_in(address, log)) as browser:
        csrf = _FIELD.findall(browser.get("/messages").text)[0]
        pages = {name: timed(browser, question, rounds) for name, question in questions(month, csrf).items()}
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        return Report(kind, pages, first_page(browser), asyncio.run(watched(address, cookies, url)))


def main() -> int:
    """Measure, and say it."""
    parser = argparse.ArgumentParser(prog="python -m bench.console_http", description=__doc__)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--store", choices=("postgresql", "sqlite"), default="postgresql")
    options = parser.parse_args()
    report = measure(Month(options.messages, datetime.now(UTC)), options.rounds, options.store)
    sys.stdout.write(json.dumps({"messages": options.messages, "machine": machine(), **report.told()}, indent=2) + "\n")
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
