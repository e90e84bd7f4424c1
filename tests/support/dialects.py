"""Messages for tests of the dialects: made by hand, and by hypothesis. All people and numbers are made up."""

import datetime
from collections.abc import Iterator
from pathlib import Path

from hypothesis import strategies as st
from lxml import etree

from adapters.agencies.caseflow import codes
from adapters.contract import Outgoing
from schemas.catalogue import ACTIONS, CATALOGUE, case_of
from schemas.envelope import Header, Message
from schemas.identifiers import MessageId, PartyCode
from schemas.payload import Payload
from schemas.versions import VERSIONS

VECTORS = Path(__file__).parent.parent / "vectors" / "spg"
PREPARED = datetime.datetime(2020, 7, 1, 9, 30, 0, 5000, tzinfo=datetime.UTC)
SPG = "{http://www.justice.gsi.gov.uk/SPG/}"


def vector(name: str) -> bytes:
    """One sample by its path below the vectors."""
    return (VECTORS / name).read_bytes()


def outgoing(**changes: object) -> Outgoing:
    """Facts of one delivery."""
    facts: dict[str, object] = {
        "sender": PartyCode("N00"),
        "recipient": PartyCode("C05"),
        "control_reference": "1569786981737",
        "answers": None,
        "version": "0-9-14",
        "prepared_at": PREPARED,
    }
    return Outgoing(**(facts | changes))


def message(payload: Payload, **changes: object) -> Message:
    """A message around a payload."""
    kind = type(payload).__name__
    facts: dict[str, object] = {
        "sender": PartyCode("N00"),
        "recipients": (PartyCode("C05"),),
        "type": kind,
        "action": sorted(ACTIONS[kind])[0],
        "version": "0-9-14",
        "sender_message_id": "1569786981737/1",
        "control_reference": "1569786981737",
        "case_reference": case_of(payload),
        "prepared_at": PREPARED,
    }
    return Message(MessageId("01902d3a-0000-7000-8000-000000000001"), Header(**(facts | changes)), payload)


def infoset(content: bytes) -> object:
    """Elements, attributes and trimmed texts, without regard to order of attributes or blanks between."""

    def of(element: etree._Element) -> object:
        return element.tag, (element.text or "").strip(), sorted(element.items()), [of(child) for child in element]

    return of(etree.fromstring(content))


def flat(value: object, where: str = "/payload") -> Iterator[tuple[str, object]]:
    """Every leaf of a dumped payload with its JSON pointer."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from flat(inner, f"{where}/{name}")
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from flat(inner, f"{where}/{place}")
    else:
        yield where, value


_ALPHABET = st.one_of(
    st.sampled_from("&<>\"'/\\ \n\r\tŵ–£"), st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), st.sampled_from("abcXYZ019")
)


def texts(limit: int = 30) -> st.SearchStrategy[str]:
    """Texts as the canonical model keeps them: trimmed, not empty."""
    return st.text(_ALPHABET, min_size=1, max_size=limit).map(str.strip).filter(bool)


def digits(length: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=length, max_size=length)


entity_ids = st.one_of(st.just("0"), st.integers(1, 10**18 - 1).map(str))
crns = st.builds(lambda letter, number: letter + number, st.sampled_from("ABCDEFGHJKLMNPQRSTUVWXYZ"), digits(6))
versions = st.one_of(st.none(), st.text("0123456789ABCDEF", min_size=32, max_size=32).filter(lambda text: text != "0" * 32))
civil_dates = st.dates(datetime.date(1900, 1, 1), datetime.date(2199, 12, 31))
civil_times = st.times()
open_codes = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,11}", fullmatch=True).map(str.strip)


def _plates(length: int) -> st.SearchStrategy[str]:
    return st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=length, max_size=length)


def _some(**members: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    """A dict without the members that are none."""
    return st.fixed_dictionaries(members).map(lambda found: {name: value for name, value in found.items() if value is not None})


def _named(code: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, object]]:
    return _some(code=code, description=st.one_of(st.none(), texts()))


def _code(known: codes.CodeList | None) -> st.SearchStrategy[dict[str, object]]:
    return _named(open_codes if known is None else st.sampled_from(sorted(known.theirs)))


def _maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(st.none(), strategy)


_responsibilities = _some(provider=_plates(3), team=_named(_plates(6)), officer=_named(_plates(7)))
_entity_version = _some(version=versions, updated_by=texts())


def _case(**members: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    return _some(crn=crns, version=_entity_version, offender_id=entity_ids, **members)


def payloads(*, caseflow_codes: bool = False) -> st.SearchStrategy[Payload]:
    """Payloads of every type. With `caseflow_codes`, only codes that Caseflow's lists have."""

    def coded(known: codes.CodeList) -> st.SearchStrategy[dict[str, object]]:
        return _code(known if caseflow_codes else None)

    def part(kind: str, **members: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
        entity = st.none() if kind == "OM" else entity_ids
        return _some(kind=st.just(kind), entity_id=entity, version=_entity_version, receiving=_responsibilities, **members)

    def request_part(kind: str) -> st.SearchStrategy[dict[str, object]]:
        return part(kind, status=st.sampled_from(["PN", "TA", "TR", "TW"]), reason=coded(codes.TRANSFER_REASONS), transferring=_responsibilities)

    def response_part(kind: str) -> st.SearchStrategy[dict[str, object]]:
        return st.one_of(
            part(kind, status=st.sampled_from(["PN", "TA", "TW"]), transferring_provider=_plates(3)),
            part(kind, status=st.just("TR"), transferring_provider=_plates(3), rejected_reason=coded(codes.REJECTION_REASONS)),
        )

    kinds = st.sampled_from(["OM", "OS", "RQ", "LC", "PSS", "NSI", "CR", "IR"])

    def transfer(one: st.SearchStrategy[dict[str, object]]) -> st.SearchStrategy[dict[str, object]]:
        parts = st.lists(one, min_size=1, max_size=3).map(tuple)
        return _case(transfer_id=entity_ids, transfer_date=civil_dates, transfer_user=texts(), parts=parts)

    contact = _case(
        contact_id=entity_ids,
        event_id=_maybe(entity_ids),
        licence_condition_id=_maybe(entity_ids),
        nsi_id=_maybe(entity_ids),
        pss_requirement_id=_maybe(entity_ids),
        requirement_id=_maybe(entity_ids),
        alert=st.booleans(),
        contact_type=coded(codes.CONTACT_TYPES),
        contact_date=civil_dates,
        start_time=civil_times,
        responsible=_responsibilities,
        location=_maybe(_named(open_codes)),
        outcome=_maybe(coded(codes.CONTACT_OUTCOMES)),
        enforcement_action=_maybe(coded(codes.ENFORCEMENT_ACTIONS)),
        sensitive=st.booleans(),
        notes=_maybe(texts(300)),
        rar=_maybe(st.booleans()),
    )
    address = _case(
        address_id=entity_ids,
        status=coded(codes.ADDRESS_STATUSES),
        house_number=_maybe(texts()),
        street_name=_maybe(texts()),
        district=_maybe(texts()),
        town_city=_maybe(texts()),
        county=_maybe(texts()),
        postcode=_maybe(texts()),
        start_date=civil_dates,
        no_fixed_abode=st.booleans(),
    )
    release = _case(event_id=entity_ids, release_user=texts(), release_date=civil_dates, release_type=coded(codes.RELEASE_TYPES))
    by_type = {
        "Contact": contact,
        "Address": address,
        "CustodyRelease": release,
        "ConsolidatedTransferRequest": transfer(kinds.flatmap(request_part)),
        "ConsolidatedTransferResponse": transfer(kinds.flatmap(response_part)),
        "ConnectionNotification": _some(code=_maybe(st.integers(100, 999)), test_control_data=_maybe(texts())),
        "InterchangeStatusNotification": _some(status_code=st.integers(100, 999)),
    }
    assert set(by_type) == set(CATALOGUE)
    return st.one_of([values.map(CATALOGUE[kind].model_validate) for kind, values in by_type.items()])


def messages(*, caseflow_codes: bool = False) -> st.SearchStrategy[Message]:
    """Messages of every type with every header that goes with it."""

    def around(payload: Payload) -> st.SearchStrategy[Message]:
        kind = type(payload).__name__
        return st.builds(
            lambda action, version, test: message(payload, action=action, version=version, test=test),
            st.sampled_from(sorted(ACTIONS[kind])),
            st.sampled_from(sorted(VERSIONS)),
            st.booleans(),
        )

    return payloads(caseflow_codes=caseflow_codes).flatmap(around)
