"""`gateway work …`: notes, and who looks after what.

What it is: the console's notes and assignments. What it is not: a lock: whoever may act still can.
"""

from typing import Annotated

import typer

from gateway.commands.asking import Found, ask, entries, show, table, tell, text, within, would
from gateway.commands.options import AsJson, DryRun

app = typer.Typer(help="Work: notes, and who looks after what.", no_args_is_help=True)
About = Annotated[str, typer.Argument(metavar="ABOUT", help="delivery:ID, message:ID, alert:ID, partner:ORGANISATION or group:KEY.")]


@app.command("show")
def show_one(about: About, *, as_json: AsJson = False) -> None:
    """Notes, oldest first, and who has it."""
    _show(ask("work", about=about), as_json=as_json)


@app.command()
def note(
    about: About, text: Annotated[str, typer.Argument(metavar="TEXT", help="No personal data.")], *, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Write something down."""
    if dry_run:
        would("note", f"write a note about {about}", as_json=as_json)
        return
    _show(tell("work", "note", body={"about": about, "text": text}), as_json=as_json)


@app.command()
def take(about: About, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """It is yours."""
    if dry_run:
        would("note", f"take {about}", as_json=as_json)
        return
    _show(tell("work", "take", body={"about": about}), as_json=as_json)


@app.command()
def release(about: About, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """It is nobody's."""
    if dry_run:
        would("note", f"release {about}", as_json=as_json)
        return
    _show(tell("work", "release", body={"about": about}), as_json=as_json)


def _show(found: Found, *, as_json: bool) -> None:
    who = within(found, "assigned_to")
    notes = table(entries(found, "notes"), (("at (UTC)", "at"), ("by", "by"), ("note", "text")), empty="No notes.")
    show(found, (notes,), (f"{text(who['name'])} has it" if who else "nobody has it",), as_json=as_json)
