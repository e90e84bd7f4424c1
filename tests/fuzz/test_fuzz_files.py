"""Anything in an inbox, and any signature beside a document: a finding or a refusal, nothing else."""

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.channels.drop_folder import Folder
from adapters.contract import WireMessage
from gateway.trust.contract import Limits
from gateway.trust.detached import DetachedPackaging
from gateway.workers.inbox import Broken, Inbox, Patience, Whole
from schemas.faults import Refusal
from tests.support.trust import AUDIENCE, NOW, ed25519_signer, lookup_of, order, record

PACKAGING, SIGNER = DetachedPackaging(), ed25519_signer()
LOOKUP = lookup_of(record(SIGNER))
DOCUMENT = b"H;C05;000017\r\n"
GOOD = PACKAGING.seal(order(DOCUMENT), SIGNER).headers["signature"]
FILES = {"b.csv": DOCUMENT, "b.csv.jws": GOOD.encode()}
MANIFEST = json.dumps(
    {
        "manifest": 1,
        "id": "b",
        "files": [{"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in FILES.items()],
    }
).encode()
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(["b", "b.csv", "b.csv.jws", "../b", 1]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["manifest", "id", "files", "name", "size", "sha256", "media_type"]), inner),
    max_leaves=12,
)


@st.composite
def spliced(draw: st.DrawFn) -> bytes:
    """The good manifest with a piece of it replaced."""
    start = draw(st.integers(0, len(MANIFEST)))
    end = draw(st.integers(start, min(len(MANIFEST), start + 20)))
    return MANIFEST[:start] + draw(st.binary(max_size=8)) + MANIFEST[end:]


def look(manifest: bytes) -> list[object]:
    directory = Path(tempfile.mkdtemp(prefix="fuzz-files-"))
    try:
        for name, content in (*FILES.items(), ("b.manifest.json", manifest)):
            (directory / name).write_bytes(content)
        patience = Patience(stale_seconds=0, settled_seconds=0, limit_bytes=1_000_000)
        with Folder(directory) as folder:
            return list(Inbox(patience, lambda _: False).look(folder))
    finally:
        shutil.rmtree(directory)


def test_the_good_one_is_whole() -> None:
    (found,) = look(MANIFEST)
    assert isinstance(found, Whole)
    assert (found.packaging, found.wire.body, found.wire.headers) == ("detached", DOCUMENT, {"signature": GOOD})


@settings(max_examples=150, deadline=None)
@given(spliced() | VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
def test_any_manifest_is_a_whole_batch_or_a_broken_one(manifest: bytes) -> None:
    for found in look(manifest):
        assert isinstance(found, Whole | Broken)
        if isinstance(found, Whole):
            # whatever else it says, the bytes are those that it names
            assert (found.wire.body, found.wire.headers) == (DOCUMENT, {"signature": GOOD})


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.just(DOCUMENT), st.text(max_size=60) | st.integers(0, len(GOOD)).map(lambda cut: GOOD[:cut] + "A" + GOOD[cut:]))
def test_any_signature_is_refused_or_right(document: bytes, mark: str) -> None:
    try:
        verified = PACKAGING.verify(WireMessage(document, "text/csv", {"signature": mark}), LOOKUP, audience=AUDIENCE, now=NOW, limits=Limits())
    except Refusal:
        return
    raise AssertionError(verified.kind)
