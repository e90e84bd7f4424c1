"""The words of the fault table: codes, severities, categories, and who has to act.

What it is: enumerations. What it is not: the table (`schemas.faults`), which is where everybody takes them from.
"""

from enum import StrEnum


class Severity(StrEnum):
    """How loud: a warning leaves the message alive, an error ends it."""

    WARNING = "warning"
    ERROR = "error"


class Category(StrEnum):
    """Which kind of rule spoke."""

    SECURITY = "security"
    LIMITS = "limits"
    SYNTAX = "syntax"
    CONTENT = "content"
    ROUTING = "routing"
    DUPLICATE = "duplicate"
    DELIVERY = "delivery"
    INTERNAL = "internal"


class Blame(StrEnum):
    """Who has to act."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    GATEWAY = "gateway"
    OPERATOR = "operator"


class FaultCode(StrEnum):
    """Stable public names. Never renamed, never reused."""

    # before the caller is known: an outsider learns one sentence
    NOT_AUTHENTICATED = "not-authenticated"
    SIGNATURE_NOT_ACCEPTED = "signature-not-accepted"
    TOO_LARGE = "too-large"
    TOO_COMPLEX = "too-complex"
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type"
    MALFORMED = "malformed"
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    RATE_LIMITED = "rate-limited"
    REQUEST_INVALID = "request-invalid"
    BATCH_INCOMPLETE = "batch-incomplete"
    BATCH_MANIFEST_INVALID = "batch-manifest-invalid"
    BATCH_FILE_DIFFERS = "batch-file-differs"
    BATCH_FILE_UNKNOWN = "batch-file-unknown"
    # the caller is known
    CALLER_NOT_CONNECTED = "caller-not-connected"
    SENDER_NOT_ALLOWED = "sender-not-allowed"
    STALE = "stale"
    FROM_THE_FUTURE = "from-the-future"
    WRONG_AUDIENCE = "wrong-audience"
    KEY_REUSED = "key-reused"
    UNKNOWN_RECIPIENT = "unknown-recipient"
    NO_RECIPIENT = "no-recipient"
    FILTERED_OUT = "filtered-out"
    PARTNER_NOT_LIVE = "partner-not-live"
    SENDER_DISABLED = "sender-disabled"
    TEST_IN_LIVE = "test-in-live"
    # content
    STRUCTURE_INVALID = "structure-invalid"
    ELEMENT_MISSING = "element-missing"
    ELEMENT_UNKNOWN = "element-unknown"
    ELEMENT_REPEATED = "element-repeated"
    ELEMENT_MISPLACED = "element-misplaced"
    VALUE_INVALID = "value-invalid"
    VALUE_TOO_LONG = "value-too-long"
    CODE_UNKNOWN = "code-unknown"
    IDENTIFIER_INVALID = "identifier-invalid"
    IDENTIFIER_UNKNOWN = "identifier-unknown"
    TYPE_UNKNOWN = "type-unknown"
    TYPE_NOT_AGREED = "type-not-agreed"
    VERSION_UNKNOWN = "version-unknown"
    CONTROL_COUNT_WRONG = "control-count-wrong"
    CONTROL_REFERENCE_MISMATCH = "control-reference-mismatch"
    IDENTITY_MISMATCH = "identity-mismatch"
    MESSAGE_REFERENCE_MISMATCH = "message-reference-mismatch"
    # receipts from recipients
    RECEIPT_NOT_OURS = "receipt-not-ours"
    RECEIPT_DIGEST_MISMATCH = "receipt-digest-mismatch"
    RECEIPT_STAGE_INVALID = "receipt-stage-invalid"
    # on the way to a recipient
    NOT_TRANSLATABLE = "not-translatable"
    RECIPIENT_UNREACHABLE = "recipient-unreachable"
    RECIPIENT_REFUSED = "recipient-refused"
    NOT_APPLIED = "not-applied"
    VERSION_CONFLICT = "version-conflict"
    DISCARDED_BY_OPERATOR = "discarded-by-operator"
    ATTEMPTS_EXHAUSTED = "attempts-exhausted"
    # ours
    UNAVAILABLE = "unavailable"
    INTERNAL_ERROR = "internal-error"
