"""`gateway check`: is this payload valid, and if not, what is wrong with it?

What it is: a verdict and an explanation for whoever builds the other side, from the bytes alone. What it is not: a
door: no signature is checked, no agreement asked, and neither store nor broker, keys or settings are needed.
"""

from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.dialects import TOLD, choice
from gateway.commands.options import AsJson
from gateway.commands.output import CommandError, Exit, answer


def check(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="Payloads, their form told by their bytes: SPG XML, SOAP around it, the JSON form, a JWS around it, flat files; - reads standard input.",
        ),
    ],
    *,
    dialect: Annotated[
        str,
        typer.Option(
            metavar="DIALECT",
            help="Dialect of JSON documents: canonical or caseflow; with flatfile, whatever comes is read as a batch; "
            "mapping:FILE reads the language that a mapping in YAML describes.",
        ),
    ] = "canonical",
    as_json: AsJson = False,
) -> None:
    """Check payloads offline, and explain every fault of every message.

    Exit 0: all valid. 10: at least one is not. 3, 1 or 2: a file is missing, cannot be read or is too large; the others were checked all the same.
    """
    chosen = choice(dialect, TOLD)
    from gateway.commands.checking import check_file, contents, report
    from gateway.commands.languages import language

    spoken = language(chosen)
    found = [check_file(name, content, spoken) for name, content in contents(files)]
    answer(report(found), as_json=as_json)
    unreadable = next((one.unreadable for one in found if one.unreadable), None)
    if unreadable is not None:
        raise unreadable
    wrong = sum(not one.valid for one in found)
    if wrong:
        raise CommandError(Exit.CHECKS_FAILED, "not-valid", f"Not valid: {wrong} of {len(found)} files.")
