"""Cursors: how an address says where a list goes on.

What it is: the type of a place in an order of numbers, bounded by what a database counts to: beyond it there is nothing,
and asking there would be an error of the database. What it is not: a page's own id. Called by pages and by the API.
"""

from typing import Annotated, Final

from fastapi import Query

LARGEST: Final = 2**63 - 1
After = Annotated[int, Query(ge=0, le=LARGEST)]
"""Only what comes after this number."""
