"""`gateway demo` and `gateway bench`: programs that bring their own partners.

What it is: their options. What it is not: them (`gateway.rehearsal`).
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Database(StrEnum):
    """Which store the program brings up."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


DatabaseOption = Annotated[Database, typer.Option(help="Store of the run.")]


def demo(
    *,
    seed: Annotated[int, typer.Option(help="Makes the same run again.")] = 1,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the folder of the run, for a look afterwards.")] = False,
    stay: Annotated[bool, typer.Option("--stay", help="Go on with made-up traffic, and with the console for a look around, until Ctrl-C.")] = False,
    database: DatabaseOption = Database.SQLITE,
) -> None:
    """Two cases from nDelius to two CRCs over a real RabbitMQ, told as it happens, and proved at the end."""
    from gateway.rehearsal.demo import main

    if keep and stay:
        raise typer.BadParameter("it cannot go on and be over: choose --keep or --stay")
    raise typer.Exit(main(["--seed", str(seed), *(["--keep"] if keep else []), *(["--stay"] if stay else []), "--database", database.value]))


def bench(
    *,
    messages: Annotated[int, typer.Option(min=1, help="How many messages travel.")] = 2000,
    floor: Annotated[Path | None, typer.Option(help="Program that measures the floor; run beside, quoted as ratio_to_floor.")] = None,
    database: DatabaseOption = Database.SQLITE,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Drive signed messages from partner to partner over AMQP to the final receipt, and print what it took."""
    from gateway.rehearsal.bench import main

    options = ["--messages", str(messages), "--database", database.value]
    raise typer.Exit(main([*options, *(["--floor", str(floor)] if floor else []), *(["--json"] if as_json else [])]))
