"""`gateway translate`: what would this payload be in the other language?

What it is: a payload read in one dialect and written in another, on stdout, and on stderr what was left out. What
it is not: the road: nothing is signed, sent or stored, and neither broker, keys nor settings are needed.
"""

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.dialects import choice
from gateway.commands.output import CommandError, Exit, progress

_READ = "Dialect to read: ndelius, canonical, caseflow, flatfile, or mapping:FILE, which a mapping in YAML describes."
_WRITTEN = "Dialect to write: one of these, or domain-events, whose events point at an address of no gateway."
_Source = Annotated[str, typer.Option("--from", metavar="DIALECT", help=_READ)]
_Target = Annotated[str, typer.Option("--to", metavar="DIALECT", help=_WRITTEN)]


def translate(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Payloads as `gateway check` takes them; SOAP and a JWS are unwrapped; - reads standard input.")
    ],
    *,
    source: _Source,
    target: _Target,
    version: Annotated[str | None, typer.Option(help="Version of the message schema to write; by default the one that was read.")] = None,
    sender: Annotated[str | None, typer.Option(help="Party that sends, in place of the one that was read.")] = None,
    recipient: Annotated[str | None, typer.Option(help="Party that receives, in place of those that were read.")] = None,
    control_reference: Annotated[str | None, typer.Option(help="Control reference, in place of the one that was read.")] = None,
    answers: Annotated[str | None, typer.Option(help="Reference that this answers, in place of the one that was read.")] = None,
    prepared_at: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%SZ"], metavar="TIME", help="Time of preparation in UTC, written 2026-01-31T09:30:00Z, in place of the one that was read."
        ),
    ] = None,
    reduced_deletes: Annotated[bool, typer.Option("--reduced-deletes", help="Write a delete as its key alone, as some agreements say.")] = False,
    message_statuses: Annotated[
        bool, typer.Option("--message-statuses", help="Write entries per message into a status notification, as some agreements say.")
    ] = False,
    output_dir: Annotated[Path | None, typer.Option(help="Write each document to a new file in this folder instead of stdout.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say what was left out and refused as one JSON document on stderr.")] = False,
) -> None:
    """Translate payloads offline: documents on stdout, each on lines of its own; what was left out and refused on stderr.

    Exit 0: every message was translated, perhaps with something left out. 8: some were, some were refused. 10: none was. 3, 1 or 2: a file is
    missing, cannot be read or is too large; the others were translated all the same.
    """
    chosen = choice(source), choice(target)
    from gateway.commands.checking import contents
    from gateway.commands.languages import language
    from gateway.commands.translating import Wish, account, summary, translate_file, verdict
    from schemas.identifiers import PartyCode

    wish = Wish(
        source=language(chosen[0]),
        target=language(chosen[1]),
        version=version,
        sender=None if sender is None else PartyCode(sender),
        recipient=None if recipient is None else PartyCode(recipient),
        control_reference=control_reference,
        answers=answers,
        prepared_at=prepared_at.replace(tzinfo=UTC) if prepared_at else None,
        reduced_deletes=reduced_deletes,
        message_statuses=message_statuses,
    ).checked()
    emit = _print if output_dir is None else _into(output_dir, wish.target.extension)
    found = [translate_file(name, content, wish, emit) for name, content in contents(files)]
    if as_json:
        progress(json.dumps({"schema": "translation/1", "from": wish.source.name, "to": wish.target.name, **summary(found)}, ensure_ascii=False))
    else:
        for line in account(found):
            progress(line)
    ended = verdict(found)
    if ended is not None:
        raise ended


def _print(content: bytes) -> None:
    typer.echo(_ended(content), nl=False)


def _ended(content: bytes) -> bytes:
    """With a line feed at its end, where it has none of its own: a flat file would be broken by another."""
    return content if content.endswith(b"\n") else content + b"\n"


def _into(folder: Path, extension: str) -> Callable[[bytes], None]:
    """Numbered files in a folder. What is there already is never written over."""
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error
    numbers = itertools.count(1)

    def emit(content: bytes) -> None:
        path = folder / f"{next(numbers):05d}.{extension}"
        try:
            with path.open("xb") as stream:
                stream.write(_ended(content))
        except FileExistsError:
            raise CommandError(Exit.CONFLICT, "file-taken", f"{path} is there already.", "name an empty folder") from None
        except OSError as error:
            raise _unwritable(path, error) from error

    return emit


def _unwritable(path: Path, error: OSError) -> CommandError:
    return CommandError(Exit.FAILURE, "file-unwritable", f"{path} cannot be written ({error.strerror}).", "name a folder that may be written")
