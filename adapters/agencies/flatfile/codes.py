"""The flat file's own codes, and nDelius's that they stand for.

What it is: one total, reversible list per kind of value, in numbers with leading zeros as older systems keep them.
What it is not: every list: a code of any other list is passed on as it is, with its name beside it (see `records`).
The system is fictional; so are its codes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class CodeTable:
    """nDelius's code to the flat file's, and back."""

    name: str
    own: Mapping[str, str]
    """By nDelius's code."""
    canonical: Mapping[str, str]
    """By the flat file's."""


def _table(name: str, codes: Mapping[str, str]) -> CodeTable:
    """`codes`: the flat file's code to nDelius's. Raises ValueError where one of nDelius's stands twice."""
    own = {theirs: ours for ours, theirs in codes.items()}
    if len(own) != len(codes):
        raise ValueError(f"two codes of the list {name} mean the same")
    return CodeTable(name, MappingProxyType(own), MappingProxyType(dict(codes)))


CONTACT_TYPES: Final = _table(
    "CTYPE",
    {
        "010": "COAP",
        "011": "CODC",
        "012": "CHVS",
        "020": "CATT",
        "021": "COPT",
        "022": "CVID",
        "030": "CMOA",
        "031": "CMOB",
        "032": "CLET",
        "040": "CTHR",
    },
)
CONTACT_OUTCOMES: Final = _table(
    "COUTC", {"A1": "ATTC", "A2": "AFTC", "B1": "AACL", "B2": "AAEM", "B3": "AAHO", "B4": "AAME", "C1": "UAAB", "D1": "RSSR", "D2": "RSOF"}
)
ENFORCEMENT_ACTIONS: Final = _table("ENFAC", {"00": "NFA", "10": "ROM", "20": "WLS", "30": "FWL", "80": "DCL", "90": "IBR"})
RELEASE_TYPES: Final = _table("RELTY", {"1": "ADL", "2": "HDC", "3": "EOC", "4": "PSS", "5": "ROT"})
ADDRESS_STATUSES: Final = _table("ADRST", {"01": "M", "02": "P", "03": "B", "04": "S", "05": "PR", "06": "PO"})
TRANSFER_REASONS: Final = _table("TRREA", {"100": "CASE ORDER", "200": "COMPONENT", "301": "TR01", "302": "TR02"})
REJECTION_REASONS: Final = _table("TRREJ", {"501": "TRR1", "502": "TRR2", "503": "TRR3", "510": "INC", "520": "RISK"})
TRANSFER_STATUSES: Final = _table("TRSTA", {"0": "PN", "1": "TA", "2": "TR", "3": "TW"})
TRANSFER_KINDS: Final = _table("TRKIN", {"C": "OM", "S": "OS", "R": "RQ", "L": "LC", "P": "PSS", "N": "NSI", "T": "CR", "I": "IR"})

CODE_TABLES: Final = (
    CONTACT_TYPES,
    CONTACT_OUTCOMES,
    ENFORCEMENT_ACTIONS,
    RELEASE_TYPES,
    ADDRESS_STATUSES,
    TRANSFER_REASONS,
    REJECTION_REASONS,
    TRANSFER_STATUSES,
    TRANSFER_KINDS,
)
