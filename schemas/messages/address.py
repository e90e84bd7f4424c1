"""Address: where an offender lives or lived.

Source: the public payload template `OffenderAddress` of the Strategic Partner Gateway.
"""

from schemas.canonical.case import CaseRecord
from schemas.canonical.values import CivilDate, Coded, Text
from schemas.identifiers import EntityIdField


class Address(CaseRecord):
    """One address. Lines that nobody filled in are none; SPG writes them as empty elements."""

    address_id: EntityIdField
    """nDelius's number of the address; `0` on an insert without one."""
    status: Coded
    """Main, previous, bail and so on."""
    house_number: Text | None = None
    """Number of the house."""
    street_name: Text | None = None
    """Name of the street."""
    district: Text | None = None
    """Part of the town."""
    town_city: Text | None = None
    """Town or city."""
    county: Text | None = None
    """County."""
    postcode: Text | None = None
    """Postcode."""
    start_date: CivilDate
    """First day at the address."""
    no_fixed_abode: bool
    """The person has no settled home."""
