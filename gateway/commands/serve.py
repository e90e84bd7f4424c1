"""`gateway init` and `gateway serve`.

What it is: makes an installation, and runs its processes. What it is not: their wiring (`gateway.bootstrap`).
"""

from enum import StrEnum
from typing import Annotated

import typer

from gateway.commands.options import AsJson
from gateway.commands.output import Answer, Exit, answer, progress


class Role(StrEnum):
    """What one process may be; a test compares it with `bootstrap.ROLES`."""

    API = "api"
    CONSOLE = "console"
    RELAY = "relay"
    SWEEPER = "sweeper"
    COURIER = "courier"
    INTAKE_AMQP = "intake-amqp"
    INTAKE_FILES = "intake-files"
    TIMERS = "timers"
    DEAD_LETTERS = "dead-letters"


def init(*, as_json: AsJson = False) -> None:
    """Make the data folder, the gateway's own keys, and the tables of the store. Safe to run again."""
    from gateway.commands.context import configured, now, own_keys
    from gateway.keystore import MANIFEST, create
    from gateway.store.opening import migrate

    with configured() as settings:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = not (settings.keys_dir / MANIFEST).exists()
        if made:
            create(settings.keys_dir, issuer=settings.issuer, now=now())
        keys = own_keys(settings)
        migrate(settings.database_url.get_secret_value())
    members = {
        "data_dir": str(settings.data_dir),
        "keys_dir": str(settings.keys_dir),
        "keys_made": made,
        "message_key": keys.message_signer.key_id,
        "wss_key": keys.wss_signer.key_id,
        "archive_key": keys.archive.current,
        "audience": settings.audience,
    }
    lines = (
        f"keys     {'made' if made else 'kept'} in {settings.keys_dir}",
        "store    migrated",
        f"audience {settings.audience}",
        "Keep a copy of the keys somewhere safe: without them the archive cannot be opened again.",
        "next: gateway partner apply FILE, gateway serve, gateway doctor",
    )
    answer(Answer("init/1", members, (), lines), as_json=as_json)


def serve(
    *,
    role: Annotated[list[Role] | None, typer.Option(help="Run only this role; may be repeated. Without it, all roles run in one process.")] = None,
) -> None:
    """Run the gateway until SIGTERM or Ctrl-C."""
    from gateway import bootstrap
    from gateway.commands.context import configured

    with configured() as settings:
        roles = tuple(one.value for one in role) if role else bootstrap.ROLES

        def tell(gateway: bootstrap.Gateway) -> None:
            if gateway.console is not None:
                progress(f"console at {gateway.console.url}")
            if gateway.bootstrap_token is not None:
                # For the person at this terminal: never to the log, which others read.
                progress(f"development sign-in, once, within a day: {gateway.bootstrap_token}")

        progress(f"gateway {settings.environment}: {', '.join(roles)}")
        code = bootstrap.serve(settings, roles, tell)
    raise typer.Exit(int(Exit.OK) if code == 0 else int(Exit.FAILURE))
