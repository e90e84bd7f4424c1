"""Coverage-guided: any bytes in any dialect give an interchange or a refusal, and what was read can be written and read again."""

from contextlib import suppress

import atheris

from tests.support.fuzzing import OURS, fuzz

with atheris.instrument_imports(include=OURS):
    from adapters.agencies.ndelius.answers import read_interchange_response
    from adapters.catalogue import DIALECTS, POINTING
    from schemas.envelope import Entry, Interchange, Message
    from schemas.faults import FaultCode, Refusal
    from schemas.identifiers import MessageId
    from tests.support.dialects import VECTORS, outgoing_for

NAMES = sorted(DIALECTS.keys() - POINTING)
SPG = NAMES.index("ndelius")


def _written(name: str, entry: Entry) -> bytes | None:
    made = Message(MessageId("m"), entry.header, entry.payload)
    try:
        return DIALECTS[name].write(made, outgoing_for(made, answers="1")).content
    except Refusal as refusal:
        if refusal.fault.code is not FaultCode.NOT_TRANSLATABLE:
            raise AssertionError(f"writing refused as {refusal.fault.code}") from refusal
        return None


def _same(name: str, entry: Entry, again: Interchange) -> None:
    """What was written is understood; and where a dialect carries everything, it is the same."""
    (found,) = again.entries
    if not isinstance(found, Entry):
        raise AssertionError(f"{name} does not read what it wrote: {found.faults}")
    if name != "caseflow" and found.payload != entry.payload:
        raise AssertionError(f"{name} reads something else than it wrote")


def one_input(data: bytes) -> None:
    name, content = NAMES[data[0] % len(NAMES)] if data else NAMES[0], data[1:]
    with suppress(Refusal):
        read_interchange_response(content)
    try:
        interchange = DIALECTS[name].read(content)
    except Refusal:
        return
    for entry in interchange.entries:
        if isinstance(entry, Entry):
            for other in NAMES:
                if (written := _written(other, entry)) is not None:
                    _same(other, entry, DIALECTS[other].read(written))


def _seeds() -> list[bytes]:
    vectors = [bytes([SPG]) + path.read_bytes() for path in sorted(VECTORS.glob("*/*.xml"))]
    made = []
    for vector in vectors:
        try:
            interchange = DIALECTS["ndelius"].read(vector[1:])
        except Refusal:
            continue
        for entry in interchange.entries:
            if isinstance(entry, Entry):
                for place, name in enumerate(NAMES):
                    if (written := _written(name, entry)) is not None:
                        made.append(bytes([place]) + written)
    return vectors + made


if __name__ == "__main__":
    fuzz("dialects", one_input, _seeds())
