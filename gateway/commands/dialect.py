"""`gateway dialect …`: is this description of a partner's language right, and what does it look like?

What it is: mappings in YAML checked, tried out and shown, from files. What it is not: the running gateway, which takes
its mappings from `dialects_dir` when it starts. No settings, store or keys are needed.
"""

from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.options import AsJson
from gateway.commands.output import CommandError, Exit, answer

app = typer.Typer(help="Languages of partners, described in YAML: check them, try them out, see examples.", no_args_is_help=True)

_File = Annotated[Path, typer.Argument(metavar="FILE", help="A mapping in YAML; - reads standard input.")]


@app.command()
def check(file: _File, *, as_json: AsJson = False) -> None:
    """Check a mapping, then write, read and write again messages made for it.

    Exit 0: everything comes back, or is named as left out. 2: the mapping has mistakes, each told with its line. 10: a message did not come back.
    """
    from gateway.commands.trying import loaded, report, tried

    adapter = loaded(file)
    found = tried(adapter)
    answer(report(adapter, found), as_json=as_json)
    wrong = [one.type for one in found if one.failures]
    if wrong:
        raise CommandError(Exit.CHECKS_FAILED, "dialect-not-proved", f"Not proved: {', '.join(wrong)}.")


@app.command()
def example(
    file: _File,
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="A message type, as Contact.")],
    *,
    deletion: Annotated[bool, typer.Option("--deletion", help="The form of a delete that names the record alone.")] = False,
) -> None:
    """Print a document of this language on stdout. Everybody in it is made up."""
    from gateway.commands.trying import example_of, loaded

    typer.echo(example_of(loaded(file), kind, deletion=deletion), nl=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema of mappings, with which editors complete and check them."""
    from gateway.commands.trying import schema_text

    typer.echo(schema_text(), nl=False)
