"""Plays about what is said: every message type, broken documents, order, size, and difficult characters.

What it is: cases as functions over a stand. What it is not: their list (`suite`).
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from gateway.rehearsal.conformance.letters import SAMPLES, Letter
from gateway.rehearsal.conformance.stand import Stand
from gateway.rehearsal.conformance.wrong import NotHere, Wrong
from gateway.rehearsal.journal import Noted
from schemas.receipts import Stage

Document = dict[str, object]
Break = Callable[[Document, "Places"], None]
LONG_TEXT = 3_000
BIG_BYTES = 150_000
UNKNOWN_FIELD = "unheardOf"


def valid(kind: str, stand: Stand) -> None:
    """A valid message of this type is applied."""
    stand.must_apply(stand.letter(kind))


def valid_plays() -> list[tuple[str, Callable[[Stand], None]]]:
    """One play per message type."""
    return [(kind, partial(valid, kind)) for kind in SAMPLES]


@dataclass(frozen=True, slots=True)
class Places:
    """Where the partner's language keeps what the breaks need, found by changing one thing at a time."""

    case: str
    day: str
    notes: str


def broken(how: Break, why: str, stand: Stand) -> None:
    """A contact that breaks one rule of its form is not applied."""
    letter = stand.letter(notes="Made up.")
    if stand.is_soap:
        raise NotHere("This break is one of JSON.")
    content = _parsed(letter)
    how(content, _places(stand))
    stand.must_refuse(letter.saying(json.dumps(content, ensure_ascii=False).encode(), stand.agreement.packaging), why=why)


def broken_xml(pattern: str, replacement: str, why: str, stand: Stand) -> None:
    """An SPG contact that breaks one rule of its form is not applied."""
    letter = stand.letter(notes="Made up.")
    text, count = re.subn(pattern, replacement, letter.document.decode(), count=1, flags=re.DOTALL)
    if count != 1:
        raise NotHere("The document has no such place.")
    stand.must_refuse(letter.with_document(text.encode(), stand.agreement.packaging), why=why)


def doubled_name(stand: Stand) -> None:
    """JSON with a name twice, which two parsers read in two ways, is not applied."""
    letter = stand.letter(notes="Made up.")
    name = json.dumps(_places(stand).case).encode()
    begin = letter.said.index(name)
    twice = letter.said[:begin] + name + b':"Q000000",' + letter.said[begin:]
    stand.must_refuse(letter.saying(twice, stand.agreement.packaging), why="a name stands twice in it")


def not_json(stand: Stand) -> None:
    """What is no document at all is not applied."""
    letter = stand.letter()
    stand.must_refuse(letter.saying(b"this is no document", stand.agreement.packaging), why="it is no document")


def lacks(field: str, content: Document, places: Places) -> None:
    """A member that must be there is missing."""
    del _inner(content)[getattr(places, field)]


def unknown_member(content: Document, places: Places) -> None:
    """A member that does not exist."""
    del places
    _inner(content)[UNKNOWN_FIELD] = "1"


def unwritable(field: str, value: object, content: Document, places: Places) -> None:
    """A member is written as it must not be."""
    _inner(content)[getattr(places, field)] = value


def header_says(name: str, value: object, content: Document, places: Places) -> None:
    """The header says something that cannot be."""
    del places
    header = content["header"]
    if isinstance(header, dict):
        header[name] = value


def no_header(content: Document, places: Places) -> None:
    """The header lacks its message id."""
    del places
    header = content["header"]
    if isinstance(header, dict):
        del header["message_id"]


def in_order(stand: Stand) -> None:
    """Six messages of one case are done in the order in which they were handed over."""
    case = stand.writer.case()
    letters = [stand.letter(case=case, contact_id=str(number)) for number in range(1, 7)]
    for letter in letters:
        stand.must_take(letter)
    for letter in letters:
        stand.must_be_applied(letter)
    if stand.inside is not None and done_in_order(stand, letters) != letters:
        raise Wrong("Messages of one case were done in another order than they came in.", "Work on one case in the order of arrival.")


def done_in_order(stand: Stand, letters: Sequence[Letter]) -> list[Letter]:
    """The same letters in the order in which the journal of a simulator says that they were done."""
    inside = stand.looked_into()
    return [letter for entry in inside.noted(Noted.APPLIED) for letter in letters if inside.is_about(entry, letter)]


def interleaved(stand: Stand) -> None:
    """Cases that come by turns do not disturb one another's order."""
    cases = [stand.writer.case() for _ in range(3)]
    letters = [stand.letter(case=case, contact_id=str(number)) for number in range(1, 4) for case in cases]
    for letter in letters:
        stand.must_take(letter)
    said = [stand.must_be_applied(letter) for letter in letters]
    for case in cases:
        times = [heard.at for letter, heard in zip(letters, said, strict=True) if letter.case == case and heard is not None]
        own = [letter for letter in letters if letter.case == case]
        if times != sorted(times) if stand.inside is None else done_in_order(stand, own) != own:
            raise Wrong("The receipts of one case came in another order than its messages.", "Work on one case in the order of arrival.")


def after_a_refusal(stand: Stand) -> None:
    """A message that cannot be done holds up nothing of its case behind it."""
    case = stand.writer.case()
    bad = stand.letter(case=case)
    stand.hand_over(bad.saying(_spoiled(stand, bad), stand.agreement.packaging))
    stand.door.clear_shelf()
    stand.must_apply(stand.letter(case=case))


def big(size: int, stand: Stand) -> None:
    """A message of this size is applied."""
    text = ("Attended as instructed. " * (size // 24 + 1))[:size].strip()
    letter = stand.letter(notes=text)
    stand.must_apply(letter)
    _must_be_kept(stand, letter)


def kept_whole(stand: Stand) -> None:
    """A long text is kept to its last character."""
    letter = stand.letter(notes="x" * LONG_TEXT + "end")
    stand.looked_into()
    stand.must_apply(letter)
    _must_be_kept(stand, letter)


def characters(text: str, stand: Stand) -> None:
    """A text with difficult characters is applied, and kept as it is."""
    letter = stand.letter(notes=text)
    stand.must_apply(letter)
    _must_be_kept(stand, letter)


def empty_is_not_absent(stand: Stand) -> None:
    """A field that is there and empty says that there is no value; one that is absent says nothing."""
    stated = stand.letter(event_id=None)
    stand.looked_into()
    stand.must_apply(stated)
    _must_be_kept(stand, stated)


def unwilling(stand: Stand) -> None:
    """What a case system would not do is receipted as not-applied, with a reason."""
    letter = stand.letter(case=f"Z{stand.writer.case()[1:]}")
    stand.looked_into()
    stand.must_take(letter)
    heard = stand.final(letter)
    if heard is None or heard.stage is not Stage.NOT_APPLIED:
        said = heard.stage.value if heard else "nothing"
        raise Wrong(f"Its case system would not do it, and it said {said}.", "Say not-applied, and why, when your case system did not do it.")
    if not heard.fault_code:
        raise Wrong("It said not-applied, and not why.", "Put a fault with code and title into the receipt.")


def _spoiled(stand: Stand, letter: Letter) -> bytes:
    """A document that cannot be taken: half of it, or, where only whole XML can be signed, one without its date."""
    if not stand.is_soap:
        return letter.said[: len(letter.said) // 2]
    return re.sub(rb"<(\w+:)?ContactDate>.*?</(\w+:)?ContactDate>", b"", letter.document, count=1)


def _must_be_kept(stand: Stand, letter: Letter) -> None:
    if stand.inside is None:
        return
    wanted = stand.inside.kept_digest(letter)
    kept = [entry.text("kept") for entry in stand.inside.noted(Noted.APPLIED) if stand.inside.is_about(entry, letter)]
    if kept != [wanted]:
        raise Wrong("What its case system keeps is not what the document says.", "Keep every value as it came: length, characters, and what is empty.")


def _parsed(letter: Letter) -> Document:
    try:
        content = json.loads(letter.said)
    except ValueError:
        raise NotHere("This break is one of JSON.") from None
    if not isinstance(content, dict) or not isinstance(content.get("document"), dict):
        raise NotHere("The document is not in the JSON form.")
    return content


def _inner(content: Document) -> Document:
    inner = content["document"]
    if not isinstance(inner, dict):
        raise NotHere("The document is not in the JSON form.")
    return inner


def _places(stand: Stand) -> Places:
    """Compare letters that differ in one thing: the member that differs is where it stands."""
    case, other = "A000001", "B000002"
    base = _inner(_parsed(stand.letter(case=case, notes="One.")))
    return Places(
        case=_differing(base, _inner(_parsed(stand.letter(case=other, notes="One.")))),
        day=_differing(base, _inner(_parsed(stand.letter(case=case, notes="One.", contact_date=date(1999, 12, 31))))),
        notes=_differing(base, _inner(_parsed(stand.letter(case=case, notes="Two.")))),
    )


def _differing(one: Mapping[str, object], other: Mapping[str, object]) -> str:
    found = [name for name in one if one[name] != other.get(name)]
    if len(found) != 1:
        raise NotHere("The dialect keeps it in no single place.")
    return found[0]
