"""Own ids: a partner's own id of a record where a number of nDelius would stand.

What it is: at the reading edge, `~` and the id taken out of the document and kept beside the entry, with `0` left in
its place; at the writing edge the way back. So nothing inside, and no other language, ever meets one. What it is not:
the crosswalk: which number of nDelius an id stands for is decided by rules that know the sender's agreement.
"""

import json
import re
from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel

from schemas.envelope import OwnName
from schemas.record_ids import NONE_YET, OWN, ids_in, put
from schemas.validation import json_pointer

OWN_MARK: Final = b'"~'


def taken_out(content: bytes, value: object, form: type[BaseModel]) -> tuple[bytes, tuple[OwnName, ...]]:
    """The document with `0` for each own id, and where they stood. What has not their form stays, and is refused as no id."""
    if not isinstance(value, dict):
        return content, ()
    document, model = value["document"], form.model_fields["document"].annotation
    if not isinstance(document, dict) or not isinstance(model, type):
        return content, ()
    found = [(place, match[1]) for place, _, said in ids_in(model, document, str(value["header"]["type"])) if (match := _own(said)) is not None]
    if not found:
        return content, ()
    for place, _ in found:
        put(document, place, NONE_YET)
    names = tuple(OwnName(place, own, "/document" + json_pointer(place)) for place, own in found)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), names


def put_in(content: bytes, model: type[BaseModel], message_type: str, known: Mapping[tuple[str, str], str]) -> bytes:
    """The document with the recipient's own ids of the records that it knows."""
    document = json.loads(content)
    for place, kind, said in list(ids_in(model, document, message_type)):
        own = known.get((kind, str(said)))
        if own is not None:
            put(document, place, f"~{own}")
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _own(said: object) -> re.Match[str] | None:
    return OWN.fullmatch(said) if isinstance(said, str) else None
