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
    street_name: Text | None = None
    district: Text | None = None
    town_city: Text | None = None
    county: Text | None = None
    postcode: Text | None = None
    start_date: CivilDate
    """First day at the address."""
    no_fixed_abode: bool
