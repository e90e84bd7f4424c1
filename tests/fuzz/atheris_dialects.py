"""Coverage-guided: any bytes in any dialect give an interchange or a refusal, and what was read can be written."""

from contextlib import suppress

import atheris

from tests.support.fuzzing import OURS, fuzz

with atheris.instrument_imports(include=OURS):
    from adapters.agencies.ndelius.answers import read_interchange_response
    from adapters.catalogue import DIALECTS
    from schemas.faults import Fault, FaultCode, Refusal
    from tests.support.dialects import VECTORS, message, outgoing

NAMES = sorted(DIALECTS)
SPG = NAMES.index("ndelius")


def _written(name: str, header: object, payload: object) -> bytes | None:
    try:
        return DIALECTS[name].write(message(payload, action=header.action), outgoing(answers="1")).content  # type: ignore[arg-type, attr-defined]
    except Refusal as refusal:
        if refusal.fault.code is not FaultCode.NOT_TRANSLATABLE:
            raise AssertionError(f"writing refused as {refusal.fault.code}") from refusal
        return None


def one_input(data: bytes) -> None:
    name, content = NAMES[data[0] % len(NAMES)] if data else NAMES[0], data[1:]
    with suppress(Refusal):
        read_interchange_response(content)
    try:
        interchange = DIALECTS[name].read(content)
    except Refusal:
        return
    for entry in interchange.entries:
        if not isinstance(entry.content, Fault):
            for other in NAMES:
                if (written := _written(other, entry.header, entry.content)) is not None:
                    DIALECTS[other].read(written)


def _seeds() -> list[bytes]:
    vectors = [bytes([SPG]) + path.read_bytes() for path in sorted(VECTORS.glob("*/*.xml"))]
    made = []
    for vector in vectors:
        try:
            interchange = DIALECTS["ndelius"].read(vector[1:])
        except Refusal:
            continue
        for entry in interchange.entries:
            if not isinstance(entry.content, Fault):
                for place, name in enumerate(NAMES):
                    if (written := _written(name, entry.header, entry.content)) is not None:
                        made.append(bytes([place]) + written)
    return vectors + made


if __name__ == "__main__":
    fuzz("dialects", one_input, _seeds())
