"""The types of fields in plain words, and the page that shows how each looks in XML and in JSON.

What it is: one row per type of the canonical model, with a made-up value whose JSON is computed from its XML by the
code that does so on the road. What it is not: the rules themselves (see `schemas.identifiers`, `schemas.canonical`).
Called by the makers of message pages.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast, get_args, get_type_hints

from pydantic import BaseModel, TypeAdapter

from adapters.agencies.ndelius.codes import CODED, COUNT, DATE, DATE_TIME, DECIMAL, FLAG, NUMBER, TEXT, TIME, VERSION, Kind
from docs.markdown import page, table
from schemas.canonical.responsibility import Location, Officer, Team
from schemas.canonical.transfer import TransferKind, TransferStatus
from schemas.canonical.values import (
    CivilDate,
    CivilDateTime,
    CivilTime,
    Coded,
    Count,
    LongText,
    Minutes,
    Money,
    RiskScore,
    Score,
    StatusNumber,
    Text,
)
from schemas.identifiers import (
    FORMS,
    CrnField,
    EntityIdField,
    ProviderField,
    SpgVersionField,
)
from schemas.messages.interchange_status_notification import FaultName, MessageStatus
from schemas.messages.requests import SearchId


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldType:
    """One type of the canonical model."""

    annotation: object
    name: str
    """As the tables of fields say it."""
    rule: str = ""
    """Where the form of an identifier does not say it."""
    sample: str
    """A made-up value as it stands on the SPG wire."""
    kind: Kind = TEXT

    @property
    def json(self) -> str:
        """The sample as the canonical dialect writes it."""
        adapter = TypeAdapter(cast("type[object]", self.annotation))
        value = adapter.validate_python(self.kind.read(self.sample))
        if isinstance(value, BaseModel):
            return json.dumps(json.loads(value.model_dump_json(exclude_unset=True)), ensure_ascii=False)
        return json.dumps(adapter.dump_python(value, mode="json"), ensure_ascii=False)

    @property
    def told(self) -> str:
        """The rule: that of the identifier's form, or this row's own."""
        patterns = [getattr(part, "pattern", None) for part in _constraints(self.annotation)]
        own = [FORMS[pattern] for pattern in patterns if isinstance(pattern, str) and pattern in FORMS]
        return " ".join([*own, self.rule]).strip()


def _constraints(annotation: object) -> Sequence[object]:
    """Those of a type; of a code with its name, those of the code."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation.model_fields["code"].metadata
    return get_args(annotation)


_CIVIL: Final = "Local time as it was written, without a zone; a fraction of up to six digits may follow."
TYPES: Final = (
    FieldType(annotation=CrnField, name="case reference number", sample="X123456"),
    FieldType(annotation=EntityIdField, name="record id", rule="nDelius gives it; `0` says that the sender holds none yet.", sample="2500000001"),
    FieldType(
        annotation=SpgVersionField,
        name="record version",
        rule="A record without a version yet has 32 zeros in SPG XML; in JSON the name is absent, or `null`.",
        sample="CB1CF9D6CE475DD58274951576C023FC",
        kind=VERSION,
    ),
    FieldType(annotation=ProviderField, name="provider code", sample="N03"),
    FieldType(annotation=Team, name="team, perhaps with name", rule="The name may follow a slash.", sample="C05A12/Northside", kind=CODED),
    FieldType(annotation=Officer, name="officer, perhaps with name", rule="The name may follow a slash.", sample="C05B239/FINCH,ODETTE", kind=CODED),
    FieldType(annotation=Location, name="code, perhaps with name", rule="The name may follow a slash.", sample="C05L02/Mill Street", kind=CODED),
    FieldType(
        annotation=Coded,
        name="coded value",
        rule="It is one of a reference list. Its description may follow a slash; the first slash divides.",
        sample="COAP/Planned office visit",
        kind=CODED,
    ),
    FieldType(annotation=SearchId, name="search id", sample="S-0001"),
    FieldType(
        annotation=Text,
        name="text up to 500",
        rule="One to 500 characters, none of them a control character. Blanks around it are dropped.",
        sample="Mill Street",
    ),
    FieldType(
        annotation=LongText,
        name="text up to 200,000",
        rule=r"As above, but longer. The markers `\n` and `/n` that nDelius knows for line feeds stay as they are.",
        sample=r"Came on time.\nNext visit agreed.",
    ),
    FieldType(annotation=CivilDate, name="date", rule="A date is written YYYY-MM-DD.", sample="2020-07-01", kind=DATE),
    FieldType(annotation=CivilTime, name="time", rule=f"A time is written HH:MM:SS. {_CIVIL}", sample="14:30:00", kind=TIME),
    FieldType(
        annotation=CivilDateTime,
        name="date with time",
        rule=f"Written YYYY-MM-DDTHH:MM:SS. {_CIVIL}",
        sample="2020-07-01T14:30:00",
        kind=DATE_TIME,
    ),
    FieldType(annotation=bool, name="flag", rule="`Y` or `N` in XML; `true` or `false` in JSON.", sample="Y", kind=FLAG),
    FieldType(annotation=Count, name="count", rule="Up to nine digits, without leading zeros.", sample="12", kind=COUNT),
    FieldType(annotation=Minutes, name="minutes", rule="As a count.", sample="4800", kind=COUNT),
    FieldType(annotation=Score, name="score", rule="0 to 999.", sample="57", kind=COUNT),
    FieldType(
        annotation=RiskScore,
        name="score with decimals",
        rule="Up to three digits before the point and two after it. Text in JSON, so that no digit is lost.",
        sample="12.50",
        kind=DECIMAL,
    ),
    FieldType(
        annotation=Money,
        name="pounds",
        rule="Up to ten digits before the point and two after it. Text in JSON, so that no digit is lost.",
        sample="150.00",
        kind=DECIMAL,
    ),
    FieldType(annotation=StatusNumber, name="status code", rule="Three digits, 100 to 999.", sample="202", kind=NUMBER),
    FieldType(
        annotation=get_type_hints(MessageStatus, include_extras=True)["reference"],
        name="number, from 1",
        rule="Up to nine digits.",
        sample="2",
        kind=NUMBER,
    ),
    FieldType(annotation=FaultName, name="fault code", rule="A code of [the fault table](../faults.md).", sample="version-conflict"),
    FieldType(annotation=TransferKind, name="transfer kind", rule="One of the list below. In XML it is part of the elements' names.", sample="OS"),
    FieldType(annotation=TransferStatus, name="transfer status", rule="One of the list below.", sample="PN"),
)


def type_of(annotation: object) -> FieldType:
    """The row of a type. Raises LookupError where the model has one that no page explains."""
    for row in TYPES:
        if row.annotation is annotation or row.annotation == annotation:
            return row
    raise LookupError(f"no words for {annotation}")


TRANSFER_KINDS: Final[Mapping[str, str]] = {
    TransferKind.CASE: "the whole case, with whoever manages the offender (OM)",
    TransferKind.ORDER: "one event's order, with whoever supervises it (OS)",
    TransferKind.REQUIREMENT: "one requirement of a community sentence",
    TransferKind.LICENCE_CONDITION: "one licence condition",
    TransferKind.PSS_REQUIREMENT: "one requirement of post-sentence supervision",
    TransferKind.NSI: "one non-statutory intervention",
    TransferKind.COURT_REPORT: "one report for a court",
    TransferKind.INSTITUTIONAL_REPORT: "one report for a prison",
}
TRANSFER_STATUSES: Final[Mapping[str, str]] = {
    TransferStatus.PENDING: "asked, not yet answered",
    TransferStatus.ACCEPTED: "taken over (our reading: by pattern)",
    TransferStatus.REJECTED: "not taken over; a reason is given",
    TransferStatus.WITHDRAWN: "taken back by whoever asked (our reading: the sources know the state, not its code)",
}


def closed_list(words: Mapping[str, str]) -> str:
    """A list that nobody can extend, every value with its meaning."""
    return table(("Code", "Meaning"), ((f"`{code}`", meaning) for code, meaning in words.items()))


_TOLD: Final = (
    "What the tables of [the messages](README.md) mean by their types. All values are made up. The JSON is that of the\n"
    "`canonical` dialect; `caseflow` writes some of them [in its own way](../partners/caseflow.md#values).\n"
)
_EMPTY: Final = (
    "## Empty and absent\n\n"
    "An optional SPG element may be absent, or there and empty; both say that there is no value, and they are kept apart:\n"
    "absent is a name that is not there in JSON, empty is `null`. In a mandatory field empty is the fault `element-missing`.\n"
)
_REFERENCE_LISTS: Final = (
    "## Reference lists\n\n"
    "The codes of every other list belong to the case systems (types of contact, of release, of requirement and so on). The gateway\n"
    "checks their form and passes them on; it does not know the lists. `caseflow` translates some: see [its codes](../partners/caseflow.md#codes).\n"
)


def types_page(notice: str) -> str:
    """How each type of field looks."""
    rows = ((row.name, row.told, f"`{row.sample}`", f"`{row.json}`") for row in TYPES)
    return page(
        "Types of fields",
        notice,
        [
            _TOLD,
            table(("Type", "Rule", "In SPG XML", "In JSON"), rows),
            _EMPTY,
            f"## Transfer kinds\n\n{closed_list(TRANSFER_KINDS)}",
            f"## Transfer statuses\n\n{closed_list(TRANSFER_STATUSES)}",
            _REFERENCE_LISTS,
            "## Classes\n\nEvery field has a class, which says how careful the gateway is with its value.\n",
            table(
                ("Class", "What it is", "In a fault"),
                (
                    ("code", "a value of a list, a flag, a version: says nothing of a person by itself", "repeated, where it looks like one"),
                    ("reference", "a number that a system gave to a record: whoever has that system can tell the person", "never repeated"),
                    ("personal", "everything else: who, when, where, and whatever somebody wrote", "never repeated"),
                ),
            ),
        ],
    )
