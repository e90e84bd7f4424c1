"""`gateway simulate`: one simulated partner as a program of its own.

What it is: its options. What it is not: the partner (`gateway.rehearsal.simulator`), nor how it is found by name (`simulating`).
From a folder of its own it needs no installation of the gateway: it is the other side.
"""

from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.output import CommandError, Exit, progress


def simulate(
    folder: Annotated[str, typer.Argument(metavar="PARTNER", help="A party code or organisation id, made at first use; or a partner's own folder.")],
    *,
    init: Annotated[bool, typer.Option("--init", help="Make the folder with keys and profile, and end.")] = False,
    party: Annotated[str, typer.Option(help="With --init: its party code.")] = "",
    organisation: Annotated[str, typer.Option(help="With --init: id of the organisation that it is.")] = "",
    dialect: Annotated[str, typer.Option(help="With --init: ndelius, canonical, caseflow, flatfile, domain-events, or a described one.")] = "canonical",
    mapping: Annotated[Path | None, typer.Option(metavar="FILE", help="With --init: the mapping that describes the dialect; it is copied.")] = None,
    also: Annotated[list[str] | None, typer.Option("--also", metavar="PARTY", help="With --init: another party of the organisation; may be repeated.")] = None,
    channel: Annotated[str, typer.Option(help="With --init: push, queue, shelf or drop.")] = "push",
    gateway_url: Annotated[str, typer.Option("--gateway", metavar="URL", help="With --init: where the gateway is.")] = "http://localhost:8080",
    audience: Annotated[str, typer.Option(help="With --init: the audience of the gateway, as gateway init says it.")] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="With --init: where it listens on push; 0 draws a free port.")] = 0,
    home: Annotated[str, typer.Option(metavar="FOLDER", help="With --init and drop: its folder below the gateway's drop_root.")] = "",
    own_ids: Annotated[bool, typer.Option("--own-ids", help="With --init: it knows records by ids of its own, and says them in its receipts.")] = False,
    authority: Annotated[Path | None, typer.Option(metavar="FOLDER", help="With --init: a development authority shared with others.")] = None,
    fault: Annotated[list[str] | None, typer.Option("--fault", metavar="NAME[=ARG]", help="Begin with this fault; may be repeated.")] = None,
) -> None:
    """Run a simulated partner until SIGTERM or Ctrl-C. Faults are changed while it runs in its file faults.txt."""
    import signal
    import threading

    from gateway.commands.simulating import folder_of
    from gateway.rehearsal import simulator, simulator_folder
    from gateway.rehearsal.flaws import FlawUnknownError

    try:
        if init:
            wish = simulator_folder.Wish(
                organisation=organisation,
                party=party,
                dialect=dialect,
                channel=channel,
                gateway_url=gateway_url,
                audience=audience,
                port=port,
                home=home,
                mapping=mapping,
                also=tuple(also or ()),
                own_ids=own_ids,
                authority=authority,
            )
            _require(organisation=organisation, party=party, audience=audience)
            made = simulator_folder.create(Path(folder), wish)
            typer.echo(str(made.path / simulator.PROFILE))
            progress(f"next: gateway partner apply {made.path / simulator.PROFILE}; gateway simulate {folder}")
            return
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        code = simulator.run(folder_of(folder), tuple(fault or ()), stop, progress)
    except (simulator.NotConfiguredError, FlawUnknownError) as error:
        raise CommandError(Exit.USAGE, "simulator-not-possible", f"{error}.") from error
    raise typer.Exit(code)


def _require(**needed: str) -> None:
    if lacking := [name for name, value in needed.items() if not value]:
        raise CommandError(Exit.USAGE, "simulator-not-possible", f"--init needs --{' --'.join(lacking)}.")
