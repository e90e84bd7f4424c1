"""Caseflow's own codes, and nDelius's that they stand for.

What it is: one total, reversible list per kind of value. What it is not: a guess: a code that is on neither
side of its list is refused. Caseflow is a fictional system; so are its codes. Of the lists that nDelius keeps open
(categories, stages, reasons, order types) no source names all codes: here stand those of the public samples, and for
most lists a few beside them that are made up, as a supplier has mapped what its users met.
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
LENGTH_UNITS: Final = CodeList("lengthUnit", {"H": "HOURS", "D": "DAYS", "W": "WEEKS", "M": "MONTHS", "Y": "YEARS"})
SENTENCE_ORDERS: Final = CodeList(
    "order",
    {"329": "COMMUNITY-ORDER", "330": "SUSPENDED-SENTENCE", "307": "CUSTODY", "315": "CUSTODY-YOUNG-ADULT", "200": "FINE", "201": "COMPENSATION"},
)
SENTENCE_ENDINGS: Final = CodeList(
    "sentenceEnding", {"26": "RAN-ITS-COURSE", "ORD1": "ORDER-COMPLETED", "ORD2": "REVOKED-GOOD-PROGRESS", "ORD3": "REVOKED-BREACH", "DTH": "PERSON-DIED"}
)
ALLOCATIONS: Final = CodeList("allocation", {"CRC": "COMPANY", "NPS": "NATIONAL-SERVICE"})
KEY_DATE_TYPES: Final = CodeList(
    "keyDateType",
    {
        "HDE": "HOME-CURFEW-ELIGIBLE",
        "ACR": "RELEASE-ON-LICENCE",
        "LED": "LICENCE-ENDS",
        "SED": "SENTENCE-ENDS",
        "PED": "PAROLE-ELIGIBLE",
        "EXP": "EXPECTED-RELEASE",
    },
)
RECALL_REASONS: Final = CodeList("recallReason", {"NN": "NO-REASON-NAMED", "BRE": "LICENCE-BROKEN", "FTR": "FIXED-TERM", "RSK": "RISK-ROSE"})
RECALL_PLACES: Final = CodeList("recallPlace", {"UNLAWFULLY": "AT-LARGE", "PRISON": "IN-PRISON", "HOSPITAL": "IN-HOSPITAL", "POLICE": "IN-POLICE-CELLS"})
REQUIREMENT_TYPES: Final = CodeList(
    "requirementType", {"W": "UNPAID-WORK", "F": "REHABILITATION-ACTIVITY", "D": "DRUG-TREATMENT", "L": "ALCOHOL-TREATMENT", "C": "CURFEW", "U": "UNNAMED"}
)
REQUIREMENT_DETAILS: Final = CodeList("requirementDetail", {"W01": "WORK-REGULAR", "W02": "WORK-INTENSIVE", "F01": "ACTIVITY-DAYS"})
REQUIREMENT_ENDINGS: Final = CodeList("requirementEnding", {"01": "DONE", "24": "TIME-RAN-OUT", "02": "REVOKED", "03": "REPLACED", "04": "MOVED-ELSEWHERE"})
CONDITION_TYPES: Final = CodeList("conditionType", {"A": "ADDITIONAL", "S": "STANDARD", "E": "EXCLUSION", "N": "NO-CONTACT"})
CONDITION_DETAILS: Final = CodeList("conditionDetail", {"Z": "OTHER", "Z1": "NAMED-PLACE", "Z2": "NAMED-PERSON", "Z3": "PROGRAMME"})
CONDITION_ENDINGS: Final = CodeList("conditionEnding", {"LC01": "EXPIRED", "LC02": "REMOVED", "LC03": "RECALLED"})
SUPERVISION_TYPES: Final = CodeList("supervisionType", {"PSS01": "KEEP-IN-TOUCH", "PSS02": "DRUG-APPOINTMENTS", "PSS03": "DRUG-TESTS"})
SUPERVISION_DETAILS: Final = CodeList("supervisionDetail", {"SUB1": "IN-PERSON", "SUB2": "BY-TELEPHONE"})
SUPERVISION_ENDINGS: Final = CodeList("supervisionEnding", {"PS01": "EXPIRED", "PS02": "BROKEN", "PS03": "REMOVED"})
PROCESS_TYPES: Final = CodeList("processType", {"BRE": "BREACH", "REC": "RECALL", "APP": "APPEAL", "VAR": "VARIATION"})
PROCESS_DETAILS: Final = CodeList("processDetail", {"X": "UNSPECIFIED", "X1": "BY-SUMMONS", "X2": "BY-WARRANT"})
PROCESS_STAGES: Final = CodeList("stage", {"REC01": "ASKED", "REC02": "PREPARED", "REC03": "BEFORE-COURT", "REC04": "DECIDED", "REC05": "CLOSED"})
PROCESS_OUTCOMES: Final = CodeList("processResult", {"CONT": "CARRIES-ON", "REVO": "ENDED-BY-COURT", "WDRN": "DROPPED", "FINE": "FINED"})
INTERVENTION_TYPES: Final = CodeList("interventionType", {"RCX": "BOUGHT-IN", "RCA": "ACCOMMODATION", "RCE": "EMPLOYMENT", "RCM": "MENTORING"})
INTERVENTION_DETAILS: Final = CodeList("interventionDetail", {"RCS1": "ONE-TO-ONE", "RCS2": "IN-A-GROUP"})
INTERVENTION_STANDINGS: Final = CodeList("interventionStanding", {"RC1": "ASKED-FOR", "RC2": "ACCEPTED", "RC3": "RUNNING", "RC4": "OVER"})
INTERVENTION_OUTCOMES: Final = CodeList("interventionResult", {"SUCC": "WORKED", "PART": "WORKED-IN-PART", "FAIL": "DID-NOT-WORK", "NSTA": "NEVER-BEGAN"})
PROJECT_TYPES: Final = CodeList("projectType", {"GRP": "GROUP", "IND": "ONE-PERSON", "WKS": "WORKSHOP", "EXT": "WITH-A-HOST"})
HOURS_STANDINGS: Final = CodeList("hoursStanding", {"CMP": "DONE", "WRK": "BEING-WORKED", "RTC": "BACK-TO-COURT", "SUS": "PAUSED"})
PLACEMENT_CATEGORIES: Final = CodeList("placementCategory", {"OM": "LICENCE", "OB": "BAIL", "OC": "COMMUNITY-ORDER"})
PLACEMENT_DECISIONS: Final = CodeList("placementDecision", {"A": "OFFERED", "R": "TURNED-DOWN", "D": "PUT-OFF", "W": "WITHDRAWN"})
PLACEMENT_GROUPS: Final = CodeList("placementGroup", {"G1": "GROUP-ONE", "G2": "GROUP-TWO", "G3": "GROUP-THREE"})
PLACEMENT_SOURCES: Final = CodeList("placementSource", {"OT": "OTHER", "PO": "PROBATION", "CT": "COURT", "PR": "PRISON"})
PLACEMENT_SOURCE_KINDS: Final = CodeList("placementSourceKind", {"OTH": "OTHER", "OFF": "OFFICE", "PRI": "PRISON", "CRT": "COURT"})
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
    LENGTH_UNITS,
    SENTENCE_ORDERS,
    SENTENCE_ENDINGS,
    ALLOCATIONS,
    KEY_DATE_TYPES,
    RECALL_REASONS,
    RECALL_PLACES,
    REQUIREMENT_TYPES,
    REQUIREMENT_DETAILS,
    REQUIREMENT_ENDINGS,
    CONDITION_TYPES,
    CONDITION_DETAILS,
    CONDITION_ENDINGS,
    SUPERVISION_TYPES,
    SUPERVISION_DETAILS,
    SUPERVISION_ENDINGS,
    PROCESS_TYPES,
    PROCESS_DETAILS,
    PROCESS_STAGES,
    PROCESS_OUTCOMES,
    INTERVENTION_TYPES,
    INTERVENTION_DETAILS,
    INTERVENTION_STANDINGS,
    INTERVENTION_OUTCOMES,
    PROJECT_TYPES,
    HOURS_STANDINGS,
    PLACEMENT_CATEGORIES,
    PLACEMENT_DECISIONS,
    PLACEMENT_GROUPS,
    PLACEMENT_SOURCES,
    PLACEMENT_SOURCE_KINDS,
)
