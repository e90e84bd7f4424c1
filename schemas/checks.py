"""Single identifiers, checked outside a model.

What it is: one function per identifier that returns it as its own type or refuses with
`identifier-invalid`, never quoting the value. What it is not: the forms themselves (see
`schemas.identifiers`). Called by adapters and by whoever reads one identifier from outside.
"""

import re
from typing import Final

from schemas.faults import FaultCode, refuse
from schemas.identifiers import (
    CONTROL_REFERENCE_FORM,
    CRN_FORM,
    ENTITY_FORM,
    FORMS,
    NOMS_FORM,
    OFFICER_FORM,
    PROVIDER_FORM,
    SPG_VERSION_FORM,
    TEAM_FORM,
    ControlReference,
    Crn,
    EntityId,
    NomsNumber,
    OfficerCode,
    PartyCode,
    PncNumber,
    ProviderCode,
    SpgVersion,
    TeamCode,
    pnc_check_letter,
)

_COMPILED: Final = {form: re.compile(form.removeprefix("^").removesuffix("$"), re.ASCII) for form in FORMS}
_PNC_ANY_FORM: Final = re.compile(r"([0-9]{2}|[0-9]{4})/?([0-9]{1,7})([A-HJ-NP-RT-Z])", re.ASCII)


def party_code(text: str) -> PartyCode:
    """A party: three characters."""
    return PartyCode(_fitting(text, PROVIDER_FORM))


def provider_code(text: str) -> ProviderCode:
    """A provider inside a payload: three characters."""
    return ProviderCode(_fitting(text, PROVIDER_FORM))


def team_code(text: str) -> TeamCode:
    """A team: six characters."""
    return TeamCode(_fitting(text, TEAM_FORM))


def officer_code(text: str) -> OfficerCode:
    """An officer: seven characters."""
    return OfficerCode(_fitting(text, OFFICER_FORM))


def crn(text: str) -> Crn:
    """A case reference number: a letter and six digits."""
    return Crn(_fitting(text, CRN_FORM))


def noms_number(text: str) -> NomsNumber:
    """A prison number: A1234BC."""
    return NomsNumber(_fitting(text, NOMS_FORM))


def entity_id(text: str) -> EntityId:
    """A record's number: 1 to 18 digits."""
    return EntityId(_fitting(text, ENTITY_FORM))


def spg_version(text: str) -> SpgVersion:
    """A record version, made upper case. Does not refuse the zeros of the wire."""
    return SpgVersion(_fitting(text, SPG_VERSION_FORM).upper())


def control_reference(text: str) -> ControlReference:
    """A control reference: up to 64 plain characters."""
    return ControlReference(_fitting(text, CONTROL_REFERENCE_FORM))


def pnc_number(text: str, *, this_year: int) -> PncNumber:
    """A PNC number in its long form, from the long form or any short one.

    A year of two digits up to that of `this_year` is 20xx, else 19xx; a short serial is padded to seven.
    Refuses a wrong check letter. After the person record service of HMPPS.
    """
    found = _PNC_ANY_FORM.fullmatch(text.strip().upper())
    if found is None:
        raise refuse(FaultCode.IDENTIFIER_INVALID, "A PNC number is a year, a serial of up to seven digits and a check letter.")
    year, serial, letter = found[1], found[2].zfill(7), found[3]
    if len(year) == 2:
        year = f"20{year}" if int(year) <= this_year % 100 else f"19{year}"
    if pnc_check_letter(year, serial) != letter:
        raise refuse(FaultCode.IDENTIFIER_INVALID, "The check letter of the PNC number is not the one of its digits.")
    return PncNumber(f"{year}/{serial}{letter}")


def _fitting(text: str, form: str) -> str:
    trimmed = text.strip()
    if _COMPILED[form].fullmatch(trimmed) is None:
        raise refuse(FaultCode.IDENTIFIER_INVALID, FORMS[form])
    return trimmed
