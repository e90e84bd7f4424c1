"""Caseflow's own codes, and nDelius's that they stand for.

What it is: one total, reversible list per kind of value. What it is not: a guess: a code that is on neither
side of its list is refused. Caseflow is a fictional system; so are its codes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class CodeList:
    """nDelius's code to Caseflow's, and back."""

    name: str
    theirs: Mapping[str, str]
    ours: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        reversed_ = {theirs: ours for ours, theirs in self.theirs.items()}
        if len(reversed_) != len(self.theirs):
            raise ValueError(f"two codes of the list {self.name} share one translation")
        object.__setattr__(self, "ours", reversed_)


CONTACT_TYPES: Final = CodeList(
    "entryType",
    {
        "COAP": "OFFICE-VISIT",
        "CATT": "PHONE-CALL",
        "CHVS": "HOME-VISIT",
        "CODC": "DOORSTEP-VISIT",
        "COPT": "PHONE-APPOINTMENT",
        "CVID": "VIDEO-CALL",
        "CMOA": "EMAIL-IN",
        "CMOB": "EMAIL-OUT",
        "CLET": "LETTER-OUT",
        "CTHR": "THREE-WAY-MEETING",
    },
)
CONTACT_OUTCOMES: Final = CodeList(
    "outcome",
    {
        "ATTC": "CAME-COMPLIED",
        "AFTC": "CAME-NOT-COMPLIED",
        "AACL": "ABSENT-COURT-OR-LEGAL",
        "AAEM": "ABSENT-EMPLOYMENT",
        "AAHO": "ABSENT-HOLIDAY",
        "AAME": "ABSENT-MEDICAL",
        "UAAB": "ABSENT-UNACCEPTABLE",
        "RSSR": "RESCHEDULED-BY-SERVICE",
        "RSOF": "RESCHEDULED-BY-PERSON",
    },
)
ENFORCEMENT_ACTIONS: Final = CodeList(
    "enforcement",
    {"IBR": "START-BREACH", "ROM": "TO-MANAGER", "WLS": "WARNING-LETTER", "FWL": "FINAL-WARNING", "NFA": "NO-ACTION", "DCL": "DECISION-AWAITED"},
)
RELEASE_TYPES: Final = CodeList(
    "releaseRoute",
    {"ADL": "ADULT-LICENCE", "HDC": "HOME-CURFEW", "EOC": "END-OF-CUSTODY", "PSS": "POST-SENTENCE", "ROT": "TEMPORARY"},
)
ADDRESS_STATUSES: Final = CodeList("usage", {"M": "MAIN", "P": "PREVIOUS", "B": "BAIL", "S": "SECONDARY", "PR": "PROPOSED", "PO": "POSTAL"})
TRANSFER_REASONS: Final = CodeList("reason", {"CASE ORDER": "CASE-OR-ORDER", "COMPONENT": "COMPONENT-ONLY", "TR01": "MOVED-AREA", "TR02": "RISK-CHANGED"})
REJECTION_REASONS: Final = CodeList(
    "declineReason", {"TRR1": "WRONG-AREA", "TRR2": "NO-CAPACITY", "TRR3": "NOT-OUR-CASE", "INC": "INFORMATION-MISSING", "RISK": "RISK-TOO-HIGH"}
)
TRANSFER_STATUSES: Final = CodeList("state", {"PN": "OPEN", "TA": "TAKEN", "TR": "DECLINED", "TW": "PULLED"})
TRANSFER_KINDS: Final = CodeList(
    "component",
    {
        "OM": "WHOLE-CASE",
        "OS": "SENTENCE",
        "RQ": "REQUIREMENT",
        "LC": "LICENCE-CONDITION",
        "PSS": "SUPERVISION-REQUIREMENT",
        "NSI": "INTERVENTION",
        "CR": "COURT-REPORT",
        "IR": "PRISON-REPORT",
    },
)
CODE_LISTS: Final = (
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
