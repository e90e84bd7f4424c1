"""Reserved codes: what stands in a recipient's place and is no party.

What it is: two codes with which a sender leaves the choice of recipients to the gateway. They have the form of a party
code, because every dialect has a field of that form and no other; so `onboarding` never registers a party under them.
What it is not: the choice itself (`gateway.exchange.recipients`).
"""

from typing import Final

from schemas.identifiers import PartyCode

WHOEVER_IS_RESPONSIBLE: Final = PartyCode("SPG")
"""The gateway's own code in SPG: as much as naming nobody."""
EVERYBODY: Final = PartyCode("ALL")
"""A broadcast."""
RESERVED: Final = frozenset({WHOEVER_IS_RESPONSIBLE, EVERYBODY})
