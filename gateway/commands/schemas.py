"""`gateway schemas …`: the published schemas, and what changed between two of them.

What it is: a look at files. What it is not: a check of messages (`gateway check`), nor anything that needs settings,
store or broker.
"""

from enum import StrEnum
from typing import Annotated

import typer

from gateway.commands.options import AsJson
from gateway.commands.output import Answer, CommandError, Exit, answer

app = typer.Typer(help="Published schemas: list them, print one, compare two.", no_args_is_help=True)


class Form(StrEnum):
    """In which form messages travel."""

    JSON = "json"
    XML = "xml"


_Form = Annotated[Form | None, typer.Option("--form", help="Only json (JSON Schema) or only xml (XSD).")]


@app.command("list")
def list_schemas(*, as_json: AsJson = False) -> None:
    """Every version with its date and its files."""
    from gateway.commands.comparing import listing

    answer(listing(), as_json=as_json)


@app.command()
def show(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="A version, as 0-9-14.")],
    *,
    form: Annotated[Form, typer.Option(help="json (JSON Schema) or xml (XSD).")] = Form.JSON,
    as_json: AsJson = False,
) -> None:
    """Print one schema on stdout, byte for byte as it is published; with --json, as a text in a document."""
    from gateway.commands.comparing import schema_bytes

    content = schema_bytes(version, form.value)
    if as_json:
        answer(Answer("published-schema/1", {"version": version, "form": form.value, "text": content.decode()}), as_json=True)
    else:
        typer.echo(content, nl=False)


@app.command()
def compare(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The older one: a version, as 0-9-13, or a file with a JSON Schema or an XSD.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The newer one: a version or a file.")],
    *,
    form: _Form = None,
    as_json: AsJson = False,
) -> None:
    """Tell what changed, breaking changes first. That a version has another name is no change.

    Exit 0: whatever OLD took, NEW takes. 10: at least one change is breaking. 2: one of them is no schema that can be compared.
    """
    from gateway.commands.comparing import compared, report

    found = compared(old, new, form.value if form else None)
    answer(report(old, new, found), as_json=as_json)
    breaking = sum(change.breaking for changes in found.values() for change in changes)
    if breaking:
        raise CommandError(Exit.CHECKS_FAILED, "schemas-break", f"{breaking} of the changes are breaking." if breaking > 1 else "One change is breaking.")
