"""Address: where an offender lives or lived."""

from schemas.canonical.case import CasePayload
from schemas.canonical.values import CivilDate, Coded, Text
from schemas.identifiers import EntityIdField


class Address(CasePayload):
    """One address. Lines that nobody filled in are none; SPG writes them as empty elements."""

    address_id: EntityIdField
    status: Coded
    """Main, previous, bail and so on."""
    house_number: Text | None = None
    street_name: Text | None = None
    district: Text | None = None
    town_city: Text | None = None
    county: Text | None = None
    postcode: Text | None = None
    start_date: CivilDate
    no_fixed_abode: bool
