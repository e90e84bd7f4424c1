"""The pages of docs/messages/: one per message, an index, the types of fields, the versions.

What it is: the order of what a page says, and the sentences around tables and examples. What it is not: a fact of a
message (see the modules beside it, and what they read). Called by `docs.generate`; a test compares every page.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Final

from adapters.agencies.ndelius.tables import SHAPES
from adapters.agencies.ndelius.transfers import ENTITY_IDS
from adapters.agencies.ndelius.writing import schema_file
from docs import message_examples as examples
from docs.markdown import fenced, page, table
from docs.message_facts import (
    ACTION_WORDS,
    ALL,
    ELSEWHERE,
    GROUPS,
    TERMS,
    Group,
    actions_of,
    dialects_of,
    group_of,
    headline,
    key_of,
    more,
    source,
    version_of,
    ways_of,
)
from docs.message_fields import BLANK, KIND, MANDATORY, OPTIONAL, field_table, group_rows, own_rows, part_rows, where
from docs.message_types import TRANSFER_KINDS, TRANSFER_STATUSES, closed_list, types_page
from schemas.catalogue import ANSWERING, KEYS
from schemas.status_codes import KNOWN, RANGES, Meaning
from schemas.versions import STEPS, VERSIONS

NOTICE: Final = "<!-- Generated from the models and tables by docs/message_pages.py: change those, then run `make docs`. -->\n"
_GLOSSARY: Final = Path(__file__).resolve().parent / "glossary.md"
_MADE_UP: Final = "Made up: no person, number or text in it exists."


@cache
def words() -> Mapping[str, str]:
    """The words of probation as the glossary tells them."""
    section = _GLOSSARY.read_text(encoding="utf-8").partition("## Words of probation")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|$", section, flags=re.MULTILINE)[1:])


def message_page(kind: str) -> str:
    """Everything about one message."""
    return page(
        kind,
        NOTICE,
        [
            f"{headline(kind)}\n",
            _more(kind),
            _glance(kind),
            _words(kind),
            _route(kind),
            _fields(kind),
            _parts(kind),
            _entries(kind),
            _codes(kind),
            _examples(kind),
        ],
    )


def _more(kind: str) -> str:
    return f"{more(kind)}\n" if more(kind) else ""


def _glance(kind: str) -> str:
    ways, named = ways_of(kind), ", ".join(f"`{action}`" for action in actions_of(kind))
    rows = [
        ("Group", f"{group_of(kind)}: {GROUPS[group_of(kind)]}"),
        ("Actions", f"{named}{_OURS_TO_CHOOSE.get(group_of(kind), '')}" if named else "none: it is no interchange"),
        ("Key", key_of(kind) + (": a delete may carry [it alone](README.md#deletes)" if kind in KEYS else "")),
        ("[Record version](README.md#versions-of-records)", version_of(kind)),
        ("Dialects", ", ".join(f"`{name}`" for name in dialects_of(kind))),
        ("nDelius to CRC", ways.to_crc),
        ("CRC to nDelius", ways.to_ndelius),
        ("Source", source(kind)),
    ]
    return table(("", ""), rows)


_OURS_TO_CHOOSE: Final[Mapping[Group, str]] = {
    Group.REQUEST: " (our choice: no source names them)",
    Group.TRANSFER: " (our choice: no source names them)",
}


def _words(kind: str) -> str:
    return "".join(f"- **{term}**: {words()[term]}\n" for term in TERMS[kind])


def _route(kind: str) -> str:
    told = (ways_of(kind).told, _lane(kind), _answered(kind))
    return "## Where it goes\n\n" + "".join(f"- {one.replace(chr(10), ' ')}\n" for one in told)


def _lane(kind: str) -> str:
    if group_of(kind) in (Group.SYSTEM, Group.ANSWER):
        return "It concerns no case, so it waits for no other message."
    return "It goes to the recipients that it names, in the lane of its case: the messages of one case reach one recipient in the order\nof their acceptance."


def _answered(kind: str) -> str:
    if group_of(kind) is Group.ANSWER:
        return "It is never answered by a status notification."
    named = " It names the interchange that it belongs to (`in_reply_to`, `ReceiverControlReference`)." if kind in ANSWERING else ""
    return f"What became of it comes back [as for every message](README.md#answers).{named}"


def _fields(kind: str) -> str:
    return f"## Fields\n\nElements stand below `{where(kind)}`. [How to read the table](README.md#reading-the-tables).\n\n{field_table(own_rows(kind))}"


def _parts(kind: str) -> str:
    if kind not in SHAPES or not SHAPES[kind].parts:
        return ""
    name = kind.removeprefix("Consolidated")
    rows = ((f"`{code}`", TRANSFER_KINDS[code], f"`{element}`" if element else "none") for code, element in ENTITY_IDS.items())
    return (
        f"## Parts\n\nAfter the master come 1 to 1000 parts. `{KIND}` stands for the kind, as in `OM{name}`. Elements stand below\n"
        f"`/SPGInterchange/SPGMessage/{kind}/{KIND}{name}/{KIND}{name}Details`.\n\n{field_table(part_rows(kind))}\n"
        f"## Kinds\n\n{table(('`{K}`', 'What moves', 'Element of its id'), rows)}\n"
        f"## Statuses\n\n{closed_list(TRANSFER_STATUSES)}"
        + ("\nA rejection reason stands exactly where the status is `TR`.\n" if name == "TransferResponse" else "")
    )


def _entries(kind: str) -> str:
    if kind not in SHAPES or SHAPES[kind].group is None:
        return ""
    return (
        "## An entry per message\n\nBy agreement, one entry for each message of the interchange follows the status code. They are this\n"
        f"gateway's own: no source shows how a real answer said more than its code.\n\n{field_table(group_rows(kind))}"
    )


def _codes(kind: str) -> str:
    if kind != "InterchangeStatusNotification":
        return ""
    known = [(f"{status}", meaning.sentence, _fault(meaning)) for status, meaning in KNOWN.items()]
    ranges = [(f"any other from {first} to {last}", meaning.sentence, _fault(meaning)) for first, last, meaning in RANGES]
    return (
        "## Status codes\n\nWhat the gateway takes a code of a recipient to say; what it says itself stands in [the fault table](../faults.md). Only\n"
        f"200, 202, 504, 599 and 601 are in the public sources.\n\n{table(('StatusCode', 'Meaning', 'Fault'), (*known, *ranges))}"
    )


def _fault(meaning: Meaning) -> str:
    return f"`{meaning.fault}`" if meaning.fault else "none"


def _examples(kind: str) -> str:
    if kind not in SHAPES:
        return f"## Example\n\nIn the SOAP body. {_MADE_UP}\n\n{fenced('xml', examples.spg(kind).text)}\n{_NO_JSON}"
    parts = [f"## Example: SPG XML\n\n{_MADE_UP} The SOAP envelope around it and its signature are told in\n[SOAP](../protocol/soap.md).\n"]
    parts.append(fenced("xml", examples.spg(kind).text))
    if SHAPES[kind].group is not None:
        parts.append(f"With entries per message:\n\n{fenced('xml', examples.with_entries().text)}")
    parts.append("## Example: JSON\n\nThe same message in the dialect `canonical`, before it is [signed](../protocol/json-form.md).\n")
    parts.append(fenced("json", examples.in_dialect(kind, "canonical").text))
    parts.append(_caseflow(kind))
    parts.append(_flatfile(kind))
    return "\n".join(parts)


_NO_JSON: Final = "A partner that speaks JSON has no such message: it is answered with [a signed receipt](../protocol/http.md#handing-in-a-message).\n"


def _caseflow(kind: str) -> str:
    if "caseflow" not in dialects_of(kind):
        return "The dialect `caseflow` has no document for it: a delivery of it to a Caseflow party is set aside as `not-translatable`.\n"
    shown = examples.in_dialect(kind, "caseflow")
    told = _told(shown)
    return (
        f"## Example: Caseflow\n\nThe same message in [the dialect `caseflow`](../partners/caseflow.md#{kind.lower()}).\n\n{fenced('json', shown.text)}\n{told}"
    )


def _flatfile(kind: str) -> str:
    shown = examples.batch(kind)
    linked = f"[the dialect `flatfile`](../partners/flatfile.md#{kind.lower()})"
    return f"## Example: flat file\n\nThe same message in {linked}; lines end with CR LF.\n\n{fenced('csv', shown.text)}\n{_told(shown)}"


def _told(shown: examples.Shown) -> str:
    lost = "".join(f"- `{left.pointer}`: {left.reason}\n" for left in shown.left_out)
    return f"Left out of it, and told so on the delivery:\n\n{lost}" if lost else "Nothing of it is left out.\n"


def index_page() -> str:
    """Every message in one table, and what is true of all of them."""
    return page("Messages", NOTICE, [_INTRODUCTION, _index(), _groups(), _TRAVEL, _actions(), _deletes(), _VERSION_LOCK, _READING, _elsewhere()])


def _index() -> str:
    heads = ("Message", "What it is", "Group", "Actions", "Key", "Record version", "Dialects", "nDelius to CRC", "CRC to nDelius")
    return table(
        heads,
        (
            (
                f"[{kind}]({kind}.md)",
                headline(kind),
                group_of(kind),
                " ".join(actions_of(kind)) or "none",
                key_of(kind),
                version_of(kind),
                ", ".join(dialects_of(kind)),
                ways_of(kind).to_crc,
                ways_of(kind).to_ndelius,
            )
            for kind in ALL
        ),
    )


_INTRODUCTION: Final = (
    "The language of the Strategic Partner Gateway, through which nDelius (the case system of the National Probation Service) and the\n"
    "systems of the Community Rehabilitation Companies (CRCs) keep each other's cases in step. Each page shows one message: its fields,\n"
    "its codes, and an example in each form that a partner may speak. *Our reading* marks what the public sources do not say.\n\n"
    "- [types.md](types.md): how each type of field looks in XML and in JSON\n"
    "- [versions.md](versions.md): the versions of the message schema, with an XSD and a JSON Schema of each\n"
    "- [SPG XML](../protocol/spg-xml.md), [the JSON form](../protocol/json-form.md), [Caseflow](../partners/caseflow.md),\n"
    "  [flat files](../partners/flatfile.md): what stands around a message\n"
    "- [faults](../faults.md): every way of being told no\n"
    "- [glossary](../glossary.md#words-of-probation): the words of probation\n"
)


def _groups() -> str:
    return f"## Groups\n\n{table(('Group', 'What it is for'), GROUPS.items())}"


_TRAVEL: Final = (
    "## How a message travels\n\n"
    "A message names its recipients: `ReceiverIdentity` in SPG XML, `recipients` in JSON. The gateway never guesses one. It takes any type\n"
    "from any party to any party whose agreements allow the type on both sides (`type-not-agreed`), and writes it in the recipient's\n"
    "dialect and version. What the dialect cannot carry is named on the delivery; a delivery that it cannot say at all is set aside as\n"
    "`not-translatable`, and a person decides.\n\n"
    "The messages of one case to one recipient keep the order of their acceptance. Messages of different cases, and those of no case,\n"
    "wait for one another in no way.\n\n"
    "## Answers\n\n"
    "1. At once, on the same connection: the gateway has it. In SPG an [SPGInterchangeResponse](SPGInterchangeResponse.md) 200, in JSON a\n"
    "   signed receipt. Or a refusal, with everything that is wrong.\n"
    "2. Later, as a message of its own: what became of it. In SPG an [InterchangeStatusNotification](InterchangeStatusNotification.md) for\n"
    "   the whole interchange, 202 when it was applied; in JSON a signed receipt of each stage. It is never answered itself.\n"
)


def _actions() -> str:
    rows = ((f"`{action}`", told) for action, told in ACTION_WORDS.items())
    return f"## Actions\n\n`action` in JSON, `MessageType` in SPG XML.\n\n{table(('Action', 'What it says'), rows)}"


def _deletes() -> str:
    xml, text = examples.reduced_delete()
    return (
        "## Deletes\n\n"
        "A delete carries the whole record as it was, or its key alone. Both are read; the recipient's agreement says which is written. The\n"
        "short form is our reading of what nDelius's database says; no public source shows one. Its details element ends in `D`, and in JSON\n"
        "the key is `record_id` whatever the type. A delete by key cannot go to a partner that wants whole records.\n\n"
        f"{_MADE_UP}\n\n{fenced('xml', xml.text)}\n{fenced('json', text.text)}"
    )


_VERSION_LOCK: Final = (
    "## Versions of records\n\n"
    "A record's version changes with the record. Whoever sends a change names the version that it last had; the case system that keeps\n"
    "the record applies the change only where that is still the current one. Otherwise it is a conflict: `version-conflict`, status 409,\n"
    "with the current version where the keeper says it. The gateway passes versions on and compares none.\n"
)
_READING: Final = (
    "## Reading the tables\n\n"
    "- **JSON**: JSON pointer below `/document` of the canonical form; `n` is a place in a list. A coded value has two, the second optional.\n"
    "- **SPG element**: record and element in the order of the wire, which is binding. A coded value is one element, `CODE` or\n"
    "  `CODE/Description`.\n"
    f"- **Presence**: *{MANDATORY}*: there, with a value. *{BLANK}*: the SPG element is always there, and empty where there is no value; in\n"
    f"  JSON it is absent or `null`. *{OPTIONAL}*: it may be absent; there and empty (`null` in JSON) it says that there is no value.\n"
    "- **Class**: [how careful](types.md#classes) the gateway is with the value. A fault repeats a wrong `code` to its sender, and nothing else.\n"
)


def _elsewhere() -> str:
    return (
        "## Not here\n\n"
        f"nDelius is known to have exchanged more, and nothing public shows how it looked:\n{', '.join(ELSEWHERE)}.\n"
        "The gateway refuses them as `type-unknown`.\n"
    )


_VERSIONS_TOLD: Final = (
    "Every message says which version of the schema it follows: `SchemaVersion` and `MessageVersionNumber` in SPG XML, which must agree, and\n"
    "`version` in JSON. Each partner has one version in its agreement, and is written to in that one. An unknown version is refused as\n"
    "`version-unknown`, with the list of those that are spoken. The real schema files are not public: ours say what the gateway reads and\n"
    "writes, in SPG XML and in the canonical JSON form.\n"
)
_STEPS_TOLD: Final = (
    "## What changed between them\n\n"
    "Where both versions are known to carry the same elements, the gateway converts by changing version, date and schema file. Where that is\n"
    "not known it does the same, and says so on the delivery: `/header/version` is listed among what was left out.\n"
)


def _published(version: str) -> str:
    folder = f"../../schemas/published/{version}"
    return f"[XSD]({folder}/{schema_file(version)}), [JSON Schema]({folder}/messages.schema.json)"


def versions_page() -> str:
    """The versions of the message schema."""
    rows = ((f"`{version}`", day.isoformat(), f"`{schema_file(version)}`", _published(version)) for version, day in VERSIONS.items())
    known = ((f"`{step.older}` to `{step.newer}`", "yes" if step.known else "no", step.source) for step in STEPS)
    return page(
        "Versions of the message schema",
        NOTICE,
        [
            _VERSIONS_TOLD,
            table(("Version", "SchemaDate", "Schema file that an interchange points to", "Our schemas"), rows),
            _STEPS_TOLD,
            table(("Step", "Known", "From"), known),
        ],
    )


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "messages/README.md": index_page,
    "messages/types.md": partial(types_page, NOTICE),
    "messages/versions.md": versions_page,
    **{f"messages/{kind}.md": partial(message_page, kind) for kind in ALL},
}
"""Path below docs/ to the maker of the page."""
