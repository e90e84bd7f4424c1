"""Options that many commands share.

What it is: their names and help, once. What it is not: behaviour. Called by every command module.
"""

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout; errors are JSON on stderr.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")]
