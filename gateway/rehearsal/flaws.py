"""Flaws: named mistakes that can be seeded into a simulated partner, at its start and while it runs.

What it is: the table of what a partner's system gets wrong in practice, and the set of them that one simulator has
now. What it is not: the mistakes themselves, which stand where each is made: in the case system, in the endpoint, in
what it sends. Called by the simulated partners, `gateway simulate`, and the proof of the conformance kit. A control
file, where one is given, is read again whenever it changes: a name a line, `NAME=ARGUMENT` where one is wanted.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType


class Flaw(StrEnum):
    """Stable names. Each has its row in `FLAWS`."""

    SLOW = "slow"
    DOWN = "down"
    HANGS = "hangs"
    HTTP_500 = "http-500"
    HTTP_503_THEN_OK = "http-503-then-ok"
    REDIRECTS = "redirects"
    DROPS_EVERY_NTH = "drops-every-nth"
    WRONG_CONTENT_TYPE = "wrong-content-type"
    REFUSES_BIG_MESSAGES = "refuses-big-messages"
    WRONG_SIGNATURE = "wrong-signature"
    SIGNED_BY_OLD_KEY = "signed-by-old-key"
    UNSIGNED_RECEIPT = "unsigned-receipt"
    RECEIPT_FOR_OTHER_DIGEST = "receipt-for-other-digest"
    RECEIPT_FOR_OTHER_MESSAGE = "receipt-for-other-message"
    RECEIPT_FOR_OTHER_PARTY = "receipt-for-other-party"
    RECEIPT_WITHOUT_REASON = "receipt-without-reason"
    LYING_RECEIPT = "lying-receipt"
    RECEIPT_NEVER = "receipt-never"
    RECEIPT_TWICE = "receipt-twice"
    RECEIPT_OUT_OF_ORDER = "receipt-out-of-order"
    WRONG_CLOCK = "wrong-clock"
    NOT_APPLIED_EVERYTHING = "not-applied-everything"
    APPLIES_DUPLICATES_TWICE = "applies-duplicates-twice"
    FORGETS_DUPLICATES_AFTER_RESTART = "forgets-duplicates-after-restart"
    REORDERS_WITHIN_CASE = "reorders-within-case"
    BREAKS_ON_RESEND = "breaks-on-resend"
    TRUNCATES_LONG_TEXT = "truncates-long-text"
    LOSES_EMPTY_VERSUS_ABSENT = "loses-empty-versus-absent"
    GARBLES_SPECIAL_CHARACTERS = "garbles-special-characters"
    ACCEPTS_BAD_SIGNATURE = "accepts-bad-signature"
    ACCEPTS_REPLAY_STALE = "accepts-replay-stale"
    ACCEPTS_FUTURE_DATED = "accepts-future-dated"
    ACCEPTS_WRONG_AUDIENCE = "accepts-wrong-audience"
    ACCEPTS_SCHEMA_INVALID = "accepts-schema-invalid"
    IGNORES_UNKNOWN_FIELDS = "ignores-unknown-fields"
    DOES_NOT_FOLLOW_KEY_ROLLOVER = "does-not-follow-key-rollover"
    KEEPS_WITHDRAWN_KEYS = "keeps-withdrawn-keys"
    REUSES_MESSAGE_IDS = "reuses-message-ids"
    SENDS_UNKNOWN_TYPE = "sends-unknown-type"
    SENDS_INVALID_CODES = "sends-invalid-codes"
    TAKES_WITHOUT_MANIFEST = "takes-without-manifest"
    IGNORES_MANIFEST_DIGESTS = "ignores-manifest-digests"
    IGNORES_CONTROL_TOTALS = "ignores-control-totals"
    LEAVES_WHAT_IT_TOOK = "leaves-what-it-took"
    STOPS_AT_A_BROKEN_BATCH = "stops-at-a-broken-batch"
    KNOWS_BATCHES_BY_NAME = "knows-batches-by-name"
    MANIFEST_FIRST = "manifest-first"
    MANIFEST_WITH_WRONG_DIGEST = "manifest-with-wrong-digest"
    MANIFEST_WITH_UNKNOWN_MEMBER = "manifest-with-unknown-member"
    BATCH_WITHOUT_SIGNATURE = "batch-without-signature"
    SENDS_WRONG_TOTALS = "sends-wrong-totals"
    LEAVES_STRAY_FILES = "leaves-stray-files"
    FETCHES_UNNAMED = "fetches-unnamed"
    FETCHES_WITH_ANOTHER_KEY = "fetches-with-another-key"
    FETCHES_AS_BEFORE = "fetches-as-before"
    FETCHES_FROM_ANYWHERE = "fetches-from-anywhere"
    APPLIES_WITHOUT_DETAIL = "applies-without-detail"
    GIVES_UP_ON_DETAIL = "gives-up-on-detail"
    IGNORES_DETAIL_DIGEST = "ignores-detail-digest"
    IGNORES_DETAIL_SIGNATURE = "ignores-detail-signature"
    IGNORES_DETAIL_HEADER = "ignores-detail-header"
    RECEIPTS_THE_DETAIL = "receipts-the-detail"


class Way(StrEnum):
    """How a simulated partner is reached, and what it speaks there."""

    PUSH = "push"
    """JSON in JWS over HTTPS; a described language too."""
    QUEUE = "queue"
    SHELF = "shelf"
    SPG = "spg"
    """SPG XML over SOAP."""
    DROP = "drop"
    """Files."""
    EVENTS = "events"
    """Domain events, pushed or queued, with details that are fetched."""


EVERYWHERE = frozenset(Way)
ENDPOINT = frozenset({Way.PUSH, Way.SPG, Way.EVENTS})
"""What only somebody who is called can get wrong."""
NOT_SPG = EVERYWHERE - {Way.SPG}
OWN_JSON = frozenset({Way.PUSH, Way.QUEUE, Way.SHELF})
FILES, EVENTS = frozenset({Way.DROP}), frozenset({Way.EVENTS})


@dataclass(frozen=True, slots=True)
class Row:
    """What a flaw is."""

    sentence: str
    group: str
    """The group of the conformance suite that must notice it: see `conformance.cases.Group`."""
    argument: float = 0.0
    """What it has where none is given."""
    unit: str = ""
    """What the argument counts; empty where there is none."""
    ways: frozenset[Way] = EVERYWHERE
    """The ways on which such a mistake can be made."""


FLAWS: Mapping[Flaw, Row] = MappingProxyType(
    {
        Flaw.SLOW: Row("It thinks for too long before it answers.", "speed", 3.0, "seconds"),
        Flaw.DOWN: Row("Nothing listens: connections are refused, or nothing is collected.", "connection"),
        Flaw.HANGS: Row("It takes a message and never answers.", "connection", 60.0, "seconds"),
        Flaw.HTTP_500: Row("Every call is answered 500.", "connection", ways=ENDPOINT),
        Flaw.HTTP_503_THEN_OK: Row("A first call for each message is answered 503, the next one is taken.", "connection", ways=ENDPOINT),
        Flaw.REDIRECTS: Row("Every call is sent on to another address.", "connection", ways=ENDPOINT),
        Flaw.DROPS_EVERY_NTH: Row("Every so many calls the connection is cut without an answer.", "connection", 3, "calls", ways=ENDPOINT),
        Flaw.WRONG_CONTENT_TYPE: Row("A signed answer is called text/html.", "connection", ways=ENDPOINT),
        Flaw.REFUSES_BIG_MESSAGES: Row("What is larger than its limit is not taken.", "size", 65536, "bytes"),
        Flaw.WRONG_SIGNATURE: Row("Receipts name its key, and are signed by another.", "receipts"),
        Flaw.SIGNED_BY_OLD_KEY: Row("Receipts are signed by a key that is not pinned any more.", "receipts"),
        Flaw.UNSIGNED_RECEIPT: Row("Receipts say alg none and have no signature.", "receipts"),
        Flaw.RECEIPT_FOR_OTHER_DIGEST: Row("Receipts name the digest of something else.", "receipts", ways=NOT_SPG),
        Flaw.RECEIPT_FOR_OTHER_MESSAGE: Row("Receipts name a message that was never sent.", "receipts"),
        Flaw.RECEIPT_FOR_OTHER_PARTY: Row("Receipts speak for a party of somebody else.", "receipts"),
        Flaw.RECEIPT_WITHOUT_REASON: Row("A receipt says not-applied and not why.", "receipts", ways=NOT_SPG),
        Flaw.LYING_RECEIPT: Row("Receipts say applied, whatever its case system did.", "receipts"),
        Flaw.RECEIPT_NEVER: Row("It takes messages and receipts none.", "receipts"),
        Flaw.RECEIPT_TWICE: Row("Each message is receipted twice, under two ids.", "receipts"),
        Flaw.RECEIPT_OUT_OF_ORDER: Row("It says delivered after it said applied.", "receipts"),
        Flaw.WRONG_CLOCK: Row("Its clock is wrong.", "clock", 1200.0, "seconds"),
        Flaw.NOT_APPLIED_EVERYTHING: Row("Its case system applies nothing, and says so.", "schema"),
        Flaw.APPLIES_DUPLICATES_TWICE: Row("The same message again is done again.", "duplicates"),
        Flaw.FORGETS_DUPLICATES_AFTER_RESTART: Row("What it knew of earlier messages is gone after a restart.", "outage"),
        Flaw.REORDERS_WITHIN_CASE: Row("Of two messages of one case the later is done first.", "order"),
        Flaw.BREAKS_ON_RESEND: Row("It fails over a message that it has already.", "duplicates"),
        Flaw.TRUNCATES_LONG_TEXT: Row("Long texts are kept in part.", "size", 255, "characters"),
        Flaw.LOSES_EMPTY_VERSUS_ABSENT: Row("A field that is there and empty is kept as if it had not been there.", "characters"),
        Flaw.GARBLES_SPECIAL_CHARACTERS: Row("Characters outside Latin-1 are kept as question marks.", "characters"),
        Flaw.ACCEPTS_BAD_SIGNATURE: Row("Signatures are not checked.", "signature"),
        Flaw.ACCEPTS_REPLAY_STALE: Row("It does not ask how old a signature is.", "replay"),
        Flaw.ACCEPTS_FUTURE_DATED: Row("A signature of tomorrow is taken.", "clock"),
        Flaw.ACCEPTS_WRONG_AUDIENCE: Row("It does not ask whom a message was signed for.", "audience"),
        Flaw.ACCEPTS_SCHEMA_INVALID: Row("Documents are not checked.", "schema"),
        Flaw.IGNORES_UNKNOWN_FIELDS: Row("What it does not know in a document is dropped in silence.", "schema", ways=EVERYWHERE - FILES),
        Flaw.DOES_NOT_FOLLOW_KEY_ROLLOVER: Row("It never looks for our new key.", "keys", ways=NOT_SPG),
        Flaw.KEEPS_WITHDRAWN_KEYS: Row("A key that we withdrew is still believed.", "keys", ways=NOT_SPG),
        Flaw.REUSES_MESSAGE_IDS: Row("Its own messages all have the same id.", "sending", ways=EVERYWHERE - EVENTS),
        Flaw.SENDS_UNKNOWN_TYPE: Row("Its own messages are of a type that does not exist.", "sending", ways=OWN_JSON | FILES),
        Flaw.SENDS_INVALID_CODES: Row("Its own messages hold codes that are not in the code list.", "sending", ways=OWN_JSON),
        Flaw.TAKES_WITHOUT_MANIFEST: Row("Files are taken before their manifest lies there.", "files", ways=FILES),
        Flaw.IGNORES_MANIFEST_DIGESTS: Row("What a manifest says of size and digest is not compared.", "files", ways=FILES),
        Flaw.IGNORES_CONTROL_TOTALS: Row("Control totals are not added up.", "files", ways=FILES),
        Flaw.LEAVES_WHAT_IT_TOOK: Row("What it took is left lying in the outbox.", "files", ways=FILES),
        Flaw.STOPS_AT_A_BROKEN_BATCH: Row("Behind a batch that it cannot take it takes none.", "files", ways=FILES),
        Flaw.KNOWS_BATCHES_BY_NAME: Row("A message under another file name is another message to it.", "files", ways=FILES),
        Flaw.MANIFEST_FIRST: Row("Its own manifests lie there before the files that they name.", "files", 0.3, "seconds", ways=FILES),
        Flaw.MANIFEST_WITH_WRONG_DIGEST: Row("Its own manifests name the digest of something else.", "files", ways=FILES),
        Flaw.MANIFEST_WITH_UNKNOWN_MEMBER: Row("Its own manifests say more than was agreed.", "files", ways=FILES),
        Flaw.BATCH_WITHOUT_SIGNATURE: Row("Its own batches have no signature.", "files", ways=FILES),
        Flaw.SENDS_WRONG_TOTALS: Row("The control totals of its own batches are wrong.", "files", ways=FILES),
        Flaw.LEAVES_STRAY_FILES: Row("It puts files into its inbox that no manifest names.", "files", ways=FILES),
        Flaw.FETCHES_UNNAMED: Row("It fetches details without saying who it is.", "details", ways=EVENTS),
        Flaw.FETCHES_WITH_ANOTHER_KEY: Row("It fetches details with a token by a key that is not pinned.", "details", ways=EVENTS),
        Flaw.FETCHES_AS_BEFORE: Row("It fetches details with one token again and again.", "details", ways=EVENTS),
        Flaw.FETCHES_FROM_ANYWHERE: Row("It fetches details wherever an event says that they are.", "details", ways=EVENTS),
        Flaw.APPLIES_WITHOUT_DETAIL: Row("It says applied for an event and never fetches its detail.", "details", ways=EVENTS),
        Flaw.GIVES_UP_ON_DETAIL: Row("When a detail cannot be had, it says not-applied for good.", "details", ways=EVENTS),
        Flaw.IGNORES_DETAIL_DIGEST: Row("It takes another detail than the one that the event has the digest of.", "details", ways=EVENTS),
        Flaw.IGNORES_DETAIL_SIGNATURE: Row("It does not check who signed a detail.", "details", ways=EVENTS),
        Flaw.IGNORES_DETAIL_HEADER: Row("It does not compare the ids of event and detail.", "details", ways=EVENTS),
        Flaw.RECEIPTS_THE_DETAIL: Row("Receipts name the digest of the detail, and not of the event.", "details", ways=EVENTS),
    }
)


class FlawUnknownError(ValueError):
    """There is no such flaw, or its argument is no number."""


class Flaws:
    """What is wrong with one simulator now. Any thread may ask and change."""

    def __init__(self, wanted: Iterable[str] = (), control: Path | None = None) -> None:
        self._guard = threading.Lock()
        self._active: dict[Flaw, float] = {}
        self._control, self._seen = control, 0
        self.only(wanted)

    def only(self, wanted: Iterable[str]) -> None:
        """From now on these and no others: NAME or NAME=ARGUMENT. Raises FlawUnknownError."""
        active = dict(_read(text) for text in wanted)
        with self._guard:
            self._active = active

    def has(self, flaw: Flaw) -> bool:
        """True while it is so."""
        return flaw in self._now()

    def argument(self, flaw: Flaw) -> float:
        """Its argument; 0 where it is not active."""
        return self._now().get(flaw, 0.0)

    def names(self) -> tuple[str, ...]:
        """Those that are active."""
        return tuple(sorted(flaw.value for flaw in self._now()))

    def _now(self) -> Mapping[Flaw, float]:
        if self._control is not None:
            self._look(self._control)
        with self._guard:
            return self._active

    def _look(self, control: Path) -> None:
        try:
            changed = control.stat().st_mtime_ns
        except FileNotFoundError:
            return
        if changed != self._seen:
            self._seen = changed
            self.only(line for line in control.read_text(encoding="utf-8").split("\n") if line.strip())


def _read(text: str) -> tuple[Flaw, float]:
    name, _, argument = text.strip().partition("=")
    try:
        flaw = Flaw(name)
        return flaw, float(argument) if argument else FLAWS[flaw].argument
    except ValueError:
        raise FlawUnknownError(f"{name} is no fault that can be seeded, or its argument is no number; there is {', '.join(Flaw)}.") from None
