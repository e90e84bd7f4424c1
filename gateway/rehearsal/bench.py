"""`gateway bench`: signed messages from partner to partner over AMQP, to the final receipt, and what that took.

What it is: a private broker and store, the gateway's roles as processes of their own, two lean partners, one clock. What
it is not: a claim without a yardstick: with `--floor` a program that does only what nobody can avoid runs on the same
broker node and the same two cores right afterwards. Called by the command line; its results page is in bench/.
"""

import argparse
import json
import multiprocessing
import re
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import TypeVar

from sqlalchemy import create_engine, text

from gateway import keystore
from gateway.rehearsal import profiles
from gateway.rehearsal.bench_partners import PartnerSide, Receiver, ReceiverResult, Sender, SenderResult
from gateway.rehearsal.jose import PartnerKey
from gateway.rehearsal.measuring import cpu_seconds, machine, peak_memory_mib, pin_to_two_cores, quantile
from gateway.rehearsal.postgres import PrivatePostgres
from gateway.rehearsal.profiles import Subject
from gateway.rehearsal.programs import Program, Setting, environment_for, write_settings
from gateway.rehearsal.services import BrokerSide, clear, onboard, start_broker, start_database
from gateway.rehearsal.telling import Teller

T = TypeVar("T")

DIRECTORY = Path("var") / "bench"
AUDIENCE = "interagency-gateway.bench"
SENDER = Subject(organisation="bench-a", party="C01", name="Bench sender")
RECEIVER = Subject(organisation="bench-b", party="C02", name="Bench receiver")
ROLES = ("intake-amqp", "relay", "courier", "sweeper")
WINDOW = 2000
"""Messages on their way at one time: deep enough to keep every batch full, so that latency is that of a busy gateway."""
MOST_MESSAGES = 200_000
LIMIT_SECONDS = 900.0
SETTLE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Setup:
    """What was started."""

    directory: Path
    settings_path: Path
    database_url: str
    broker: BrokerSide
    programs: dict[str, Program]
    bundle: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """What was seen."""

    sender: SenderResult
    receiver: ReceiverResult
    cpu: dict[str, float]
    peak_mib: dict[str, float]
    publishes: int


def main(arguments: Sequence[str]) -> int:
    """Run it and print what was measured; 0 only if every message reached its final receipt and the audit is whole."""
    options = _options(arguments)
    teller = Teller()
    cores = pin_to_two_cores()
    directory = options.directory.resolve()
    clear(directory)
    with ExitStack() as stack:
        setup = _set_up(directory, options.database, teller, stack, bundle=not options.single_receipts)
        teller.progress(f"{options.messages} messages")
        figures = _measure(setup, options.messages, options.window, stack)
        for program in setup.programs.values():
            program.stop()
        audit_ok = _audit_verifies(setup)
        floor = _floor(setup, options.floor, options.messages, teller) if options.floor else None
    report = _report(options, figures, cores, floor, audit_ok=audit_ok)
    teller.last(json.dumps(report, indent=2) if options.json else _prose(report))
    return 0 if report["lost"] == 0 and report["done_twice_or_out_of_order"] == 0 and audit_ok else 1


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="gateway bench")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--window", type=int, default=WINDOW)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--floor", type=Path)
    parser.add_argument("--single-receipts", action="store_true", help="each receipt in an AMQP message of its own")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--directory", type=Path, default=DIRECTORY)
    options = parser.parse_args(list(arguments))
    if not 1 <= options.messages <= MOST_MESSAGES:
        parser.error(f"--messages lies between 1 and {MOST_MESSAGES}")
    return options


def _set_up(directory: Path, database: str, teller: Teller, stack: ExitStack, *, bundle: bool) -> Setup:
    broker = start_broker(directory, (SENDER, RECEIVER), (SENDER, RECEIVER), teller.progress, stack)
    if broker is None:
        raise SystemExit("the bench needs an installed rabbitmq-server")
    database_url = start_database(directory, "postgresql" if database == "postgresql" else "sqlite", teller.progress, stack)
    keystore.create(directory / "keys", issuer=AUDIENCE, now=datetime.now(UTC))
    settings_path = directory / "gateway.toml"
    own: dict[str, Setting] = {"environment": "test", "data_dir": directory, "database_url": database_url, "audience": AUDIENCE, "keys_dir": directory / "keys"}
    write_settings(settings_path, {**own, **broker.settings(), "log_level": "warning"})
    documents = [profiles.queued(one, dialect="canonical", sign=_make_key(directory, one), bundle_receipts=bundle) for one in (SENDER, RECEIVER)]
    onboard(database_url, documents, broker, teller.progress)
    programs = {role: Program(role, settings_path, directory / f"{role}.log", directory / f"{role}.pid") for role in ROLES}
    for role, program in programs.items():
        program.start(["serve", "--role", role])
        stack.callback(program.stop)
    teller.progress("starting the gateway's roles")
    _await_consumers(broker, programs["courier"])
    return Setup(directory, settings_path, database_url, broker, programs, bundle)


def _make_key(directory: Path, subject: Subject) -> PartnerKey:
    key = PartnerKey.generate()
    key.save(directory / f"{subject.organisation}.pem")
    return key


def _await_consumers(broker: BrokerSide, program: Program) -> None:
    """Both ends of the road are manned: the broker counts their consumers."""
    wanted = {f"from.{SENDER.organisation}", f"from.{RECEIVER.organisation}", f"outbound.{RECEIVER.party}"}
    with closing(broker.administrator()) as admin:
        program.wait_until(lambda: wanted <= {figures.queue for figures in admin.queue_figures() if figures.consumers})


def _measure(setup: Setup, messages: int, window: int, stack: ExitStack) -> Figures:
    spawn = multiprocessing.get_context("spawn")
    (to_a, of_a), (to_b, of_b) = spawn.Pipe(), spawn.Pipe()
    a = spawn.Process(target=_run_sender, args=(of_a, _side(setup, SENDER), messages, window), name="bench-a")
    b = spawn.Process(target=_run_receiver, args=(of_b, _side(setup, RECEIVER)), name="bench-b")
    for process in (a, b):
        process.start()
        stack.callback(_end, process)
    for end in (to_a, to_b):
        _hear(end, str)
    pids = _processes(setup)
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    to_a.send("go")
    sent = _hear(to_a, SenderResult)
    cpu = {name: cpu_seconds(pid) - before[name] for name, pid in pids.items()}
    peak = {name: peak_memory_mib(pid) for name, pid in pids.items()}
    to_b.send("stop")
    received = _hear(to_b, ReceiverResult)
    cpu |= {"partner A": sent.cpu_seconds, "partner B": received.cpu_seconds}
    receipts_to_a = sent.accepted + sent.final + sum(sent.other_stages.values())
    publishes = messages + received.letters + sent.letters - receipts_to_a + _entries(setup.database_url)
    return Figures(sent, received, cpu, peak, publishes)


def _processes(setup: Setup) -> dict[str, int]:
    """Every process that works for the messages, by name; of PostgreSQL the parent, whose children are counted with it."""
    found = {name: program.pid for name, program in setup.programs.items()} | {"rabbitmq": setup.broker.node.pid}
    found["postgresql"] = PrivatePostgres(setup.directory / "postgres").pid
    return {name: pid for name, pid in found.items() if pid is not None}


def _run_sender(parent: Connection, side: PartnerSide, messages: int, window: int) -> None:
    sender = Sender(side, RECEIVER.party, messages, window)
    parent.send("ready")
    parent.recv()
    parent.send(sender.run())


def _run_receiver(parent: Connection, side: PartnerSide) -> None:
    receiver, stop = Receiver(side), threading.Event()
    parent.send("ready")

    def await_word() -> None:
        parent.recv()
        stop.set()

    threading.Thread(target=await_word, daemon=True).start()
    parent.send(receiver.run(stop))


def _hear(end: Connection, kind: type[T]) -> T:
    """The next word of a partner's process, within the limit."""
    if not end.poll(LIMIT_SECONDS):
        raise SystemExit(f"a partner of the bench said nothing for {LIMIT_SECONDS:.0f} s")
    word = end.recv()
    if not isinstance(word, kind):
        raise SystemExit("a partner of the bench said something unexpected")
    return word


def _end(process: SpawnProcess) -> None:
    process.join(SETTLE_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()


def _side(setup: Setup, subject: Subject) -> PartnerSide:
    return PartnerSide(
        organisation=subject.organisation,
        party=subject.party,
        amqp_url=setup.broker.partner_url(subject.organisation),
        key_path=str(setup.directory / f"{subject.organisation}.pem"),
        audience=AUDIENCE,
        jwks=keystore.open_keys(setup.directory / "keys").public_jwks(),
        bundle=setup.bundle,
    )


def _entries(database_url: str) -> int:
    """What the gateway owed to the broker: parcels and receipts of the outbox, and attempts to hand over.

    Read where the gateway keeps it: the broker's own counters are samples, and miss some under load.
    """
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            relayed: int = connection.execute(text("SELECT outbox_id FROM audit_head")).scalar_one()
            handed_over: int = connection.execute(text("SELECT count(*) FROM attempts")).scalar_one()
            return relayed + handed_over
    finally:
        engine.dispose()


def _audit_verifies(setup: Setup) -> bool:
    command = [sys.executable, "-m", "gateway", "audit", "verify", "--json"]
    return subprocess.run(command, env=environment_for(setup.settings_path), capture_output=True, check=False, timeout=LIMIT_SECONDS).returncode == 0


def _floor(setup: Setup, program: Path, messages: int, teller: Teller) -> float:
    """Messages a second of the floor, on the same node and cores, with the gateway stopped."""
    teller.progress("measuring the floor")
    command = [sys.executable, str(program), setup.broker.node.amqp_url("/"), str(messages)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=LIMIT_SECONDS)
    found = re.search(r"floor: (\d+(?:\.\d+)?) msg/s", done.stdout)
    if found is None:
        raise SystemExit(f"{program} did not print `floor: N msg/s`")
    return float(found[1])


def _report(options: argparse.Namespace, figures: Figures, cores: list[int], floor: float | None, *, audit_ok: bool) -> dict[str, object]:
    sender, receiver, count = figures.sender, figures.receiver, options.messages
    seconds = sender.ended_at - sender.began_at
    latencies = sorted(sender.latencies)
    rate = sender.final / seconds
    report: dict[str, object] = {
        "schema": "bench/1",
        "messages": count,
        "database": options.database,
        "waited_for": "the gateway's receipt `applied`, its signature verified by the sender",
        "seconds": round(seconds, 2),
        "messages_per_second": round(rate, 1),
        "window": options.window,
        "receipts": "each alone" if options.single_receipts else "bundled, a line each, as agreed",
        "latency_ms": {name: round(1000 * quantile(latencies, share), 1) for name, share in _QUANTILES.items()} if latencies else {},
        "cpu_ms_per_message": {name: round(1000 * used / count, 3) for name, used in figures.cpu.items()},
        "publishes_per_message": round(figures.publishes / count, 2),
        "peak_memory_mib": {name: round(mib, 1) for name, mib in figures.peak_mib.items()},
        "accepted": sender.accepted,
        "final_receipts": sender.final,
        "lost": count - min(sender.final, receiver.distinct),
        "received_again": receiver.received - receiver.distinct,
        "done_twice_or_out_of_order": receiver.out_of_order + max(0, sender.final - count),
        "audit": "ok" if audit_ok else "broken",
        "cores": cores,
        **machine(),
    }
    return report if floor is None else report | {"floor_messages_per_second": floor, "ratio_to_floor": round(rate / floor, 3)}


_QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "longest": 1.0}


def _prose(report: Mapping[str, object]) -> str:
    return "\n".join(f"{name:32} {value}" for name, value in report.items())
