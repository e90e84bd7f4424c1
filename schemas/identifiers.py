"""Identifiers as distinct types, and the forms that pydantic checks where bytes become data.

What it is: one type per identifier, and beside it a `…Field` to write into models. What it is not: what
the things they name look like, nor refusals (see `schemas.checks`). Called by everything that reads bytes
from outside. Formats follow the nDelius column widths and the public reference data of the Strategic
Partner Gateway.
"""

from typing import Annotated, Final, NewType

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from schemas.classes import FieldClass

MessageId = NewType("MessageId", str)
"""Ours: a UUIDv7 in text form, one per business message."""
SubmissionId = NewType("SubmissionId", str)
"""Ours: a UUIDv7 in text form, one per thing handed in (an SPG interchange, a JWS)."""
DeliveryId = NewType("DeliveryId", str)
"""Ours: a UUIDv7 in text form, one per message and recipient."""
PartyCode = NewType("PartyCode", str)
"""Three characters on the wire: N00, C05."""
OrganisationId = NewType("OrganisationId", str)
"""Who runs the systems of one or more parties: lower case letters, digits and hyphens."""
KeyId = NewType("KeyId", str)
"""RFC 7638 thumbprint of a JWK, or x5t#S256 of a certificate: base64url without padding."""
Digest = NewType("Digest", str)
"""`sha-256:` and 64 lower case hexadecimal digits."""

ProviderCode = NewType("ProviderCode", str)
"""A probation provider inside a payload: the same three characters as a party, and divisions besides (N03)."""
TeamCode = NewType("TeamCode", str)
"""Six characters, the provider's three first."""
OfficerCode = NewType("OfficerCode", str)
"""Seven characters."""
Crn = NewType("Crn", str)
"""Case reference number: a letter and six digits."""
NomsNumber = NewType("NomsNumber", str)
"""Prison number: a letter, four digits, two letters."""
PncNumber = NewType("PncNumber", str)
"""Police National Computer number in its long form, with a right check letter: 2015/0012345W."""
EntityId = NewType("EntityId", str)
"""nDelius's number of a record, 1 to 18 digits; `0` says that the sender holds none yet."""
SpgVersion = NewType("SpgVersion", str)
"""Version of one record: 32 hexadecimal digits in upper case, never all zeros."""
ControlReference = NewType("ControlReference", str)
"""A sender's number for one interchange; text, since numbers have been outgrown before."""

PROVIDER_FORM: Final = "^[A-Z0-9]{3}$"
TEAM_FORM: Final = "^[A-Z0-9]{6}$"
OFFICER_FORM: Final = "^[A-Z0-9]{7}$"
CRN_FORM: Final = "^[A-Z][0-9]{6}$"
NOMS_FORM: Final = "^[A-Z][0-9]{4}[A-Z]{2}$"
PNC_FORM: Final = "^[0-9]{4}/[0-9]{7}[A-HJ-NP-RT-Z]$"
ENTITY_FORM: Final = "^[0-9]{1,18}$"
SPG_VERSION_FORM: Final = "^[0-9A-Fa-f]{32}$"
CONTROL_REFERENCE_FORM: Final = "^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"
EXTERNAL_ID_FORM: Final = "^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$"

CODE_FORM: Final = "^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$"
"""A value of a reference list. nDelius gives transfer reasons 100 characters."""
SEARCH_FORM: Final = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
FORMS: Final[dict[str, str]] = {
    PROVIDER_FORM: "A provider or party code has three characters, A to Z and 0 to 9.",
    TEAM_FORM: "A team code has six characters, A to Z and 0 to 9.",
    OFFICER_FORM: "An officer code has seven characters, A to Z and 0 to 9.",
    CRN_FORM: "A case reference number is a letter and six digits.",
    NOMS_FORM: "A NOMS number is a letter, four digits and two letters.",
    PNC_FORM: "A PNC number is a year of four digits, a slash, seven digits and a check letter.",
    ENTITY_FORM: "A record's id has 1 to 18 digits.",
    SPG_VERSION_FORM: "A record version has 32 hexadecimal digits.",
    CONTROL_REFERENCE_FORM: "A control reference has up to 64 letters, digits, dots, colons, underscores and hyphens.",
    SEARCH_FORM: "A search id has up to 64 letters, digits, dots, underscores and hyphens.",
    CODE_FORM: "A code begins with a letter or digit and has up to 100 letters, digits, blanks, dots, underscores and hyphens.",
    EXTERNAL_ID_FORM: "A message id has up to 128 letters, digits, dots, colons, underscores, slashes and hyphens.",
}
"""Each form with the sentence that a partner reads where it does not fit."""

ZERO_VERSION: Final = "0" * 32
"""On the SPG wire: no version yet."""
PNC_CHECK_LETTERS: Final = "ZABCDEFGHJKLMNPQRTUVWXY"


def pnc_check_letter(year: str, serial: str) -> str:
    """The letter that belongs to the last two digits of the year and the seven of the serial (modulus 23)."""
    return PNC_CHECK_LETTERS[int(year[-2:] + serial) % 23]


def _checked_pnc(text: str) -> str:
    if text[-1] != pnc_check_letter(text[:4], text[5:12]):
        raise PydanticCustomError("identifier-invalid", "The check letter of the PNC number is not the one of its digits.")
    return text


def _not_zero(text: str) -> str:
    if text == ZERO_VERSION:
        raise PydanticCustomError("value-invalid", "A record without a version yet says so by having none.")
    return text


PartyField = Annotated[PartyCode, StringConstraints(pattern=PROVIDER_FORM), FieldClass.CODE]
ProviderField = Annotated[ProviderCode, StringConstraints(pattern=PROVIDER_FORM), FieldClass.CODE]
TeamField = Annotated[TeamCode, StringConstraints(pattern=TEAM_FORM), FieldClass.CODE]
OfficerField = Annotated[OfficerCode, StringConstraints(pattern=OFFICER_FORM)]
CrnField = Annotated[Crn, StringConstraints(pattern=CRN_FORM)]
NomsNumberField = Annotated[NomsNumber, StringConstraints(pattern=NOMS_FORM)]
PncNumberField = Annotated[PncNumber, StringConstraints(pattern=PNC_FORM), AfterValidator(_checked_pnc)]
EntityIdField = Annotated[EntityId, StringConstraints(pattern=ENTITY_FORM), FieldClass.REFERENCE]
SpgVersionField = Annotated[SpgVersion, StringConstraints(pattern=SPG_VERSION_FORM, to_upper=True), AfterValidator(_not_zero), FieldClass.CODE]
ControlReferenceField = Annotated[ControlReference, StringConstraints(pattern=CONTROL_REFERENCE_FORM), FieldClass.REFERENCE]
ExternalIdField = Annotated[str, StringConstraints(pattern=EXTERNAL_ID_FORM)]
