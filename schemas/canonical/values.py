"""Texts and coded values, as every concept uses them.

What it is: bounded texts without control characters, and a code of a reference list with the description
that its sender may have added. What it is not: the lists themselves, which each system keeps. Lengths are
ours: the published facts name few.
"""

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from schemas.payload import Concept

_PRINTABLE: Final = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff]*$"
"""XML 1.0 §2.2 can carry nothing else, and nDelius blanks the rest."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_PRINTABLE)]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=200_000, pattern=_PRINTABLE)]
"""Notes. The markers `\\n` and `/n` that nDelius knows for line feeds stay as they are."""
Code = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$")]
StatusNumber = Annotated[int, Field(ge=100, le=999)]


class Coded(Concept):
    """A value of a reference list: `CODE`, or `CODE/Description` on the SPG wire."""

    code: Code
    description: Text | None = None
