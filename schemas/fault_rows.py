"""The rows of the fault table.

What it is: every way in which the gateway says no, as one row each: code, severity, category, whose fault,
whether a resend can help, and its face over HTTP, SOAP and SPG. What it is not: a fault that happened (see
`schemas.faults`, where everybody takes it from). HTTP faces follow RFC 9457, SOAP faces SOAP 1.2 §5.4.6.
"""

from dataclasses import dataclass

from schemas.fault_codes import Blame, Category, FaultCode, Severity


@dataclass(frozen=True, slots=True)
class FaultRow:
    """One row of the table: everything about a fault but where it happened."""

    title: str
    severity: Severity
    category: Category
    blame: Blame
    retry: bool
    """True where sending the same bytes again can succeed."""
    http: int
    soap: str
    """SOAP 1.2 code: `Sender` or `Receiver` (1.1: `Client`, `Server`)."""
    spg: int
    """StatusCode of an InterchangeStatusNotification."""
    advice: str


_E, _S = Severity.ERROR, Blame.SENDER
FAULTS: dict[FaultCode, FaultRow] = {
    FaultCode.NOT_AUTHENTICATED: FaultRow(
        "The caller is not known",
        _E,
        Category.SECURITY,
        _S,
        False,
        401,
        "Sender",
        601,
        "Present a current key or certificate that is registered with the gateway.",
    ),
    FaultCode.SIGNATURE_NOT_ACCEPTED: FaultRow(
        "The signature was not accepted",
        _E,
        Category.SECURITY,
        _S,
        False,
        401,
        "Sender",
        601,
        "Sign with a registered key under the agreed policy and send again; the operator can read the cause in the audit.",
    ),
    FaultCode.TOO_LARGE: FaultRow(
        "The message is larger than agreed", _E, Category.LIMITS, _S, False, 413, "Sender", 413, "Send smaller interchanges, or ask for a higher limit."
    ),
    FaultCode.TOO_COMPLEX: FaultRow(
        "The message is nested or repeated beyond the limits",
        _E,
        Category.LIMITS,
        _S,
        False,
        400,
        "Sender",
        400,
        "Send plain XML or JSON without entities, a DTD or deep nesting.",
    ),
    FaultCode.UNSUPPORTED_MEDIA_TYPE: FaultRow(
        "The content type is not spoken here",
        _E,
        Category.SYNTAX,
        _S,
        False,
        415,
        "Sender",
        415,
        "Use application/jose, or text/xml or application/soap+xml at the SOAP door.",
    ),
    FaultCode.MALFORMED: FaultRow("The message cannot be parsed", _E, Category.SYNTAX, _S, False, 400, "Sender", 400, "Check the syntax at the place named."),
    FaultCode.NOT_FOUND: FaultRow(
        "There is nothing here for this caller",
        _E,
        Category.ROUTING,
        _S,
        False,
        404,
        "Sender",
        404,
        "Check the id; only the sender and the recipient of a message may read it.",
    ),
    FaultCode.METHOD_NOT_ALLOWED: FaultRow("The method is not offered here", _E, Category.SYNTAX, _S, False, 405, "Sender", 405, "See the API description."),
    FaultCode.RATE_LIMITED: FaultRow("Too many requests", _E, Category.LIMITS, _S, True, 429, "Receiver", 429, "Wait for the time in Retry-After."),
    FaultCode.REQUEST_INVALID: FaultRow(
        "A parameter of the request is not valid", _E, Category.SYNTAX, _S, False, 422, "Sender", 400, "Correct the parameter named."
    ),
    FaultCode.BATCH_INCOMPLETE: FaultRow(
        "A batch of files is not complete", _E, Category.SYNTAX, _S, True, 400, "Sender", 400, "Put every file down, and the manifest last."
    ),
    FaultCode.BATCH_MANIFEST_INVALID: FaultRow(
        "A manifest cannot be used", _E, Category.SYNTAX, _S, False, 400, "Sender", 400, "Correct the manifest and put the whole batch down again."
    ),
    FaultCode.BATCH_FILE_DIFFERS: FaultRow(
        "A file is not what its manifest says", _E, Category.SYNTAX, _S, False, 400, "Sender", 400, "Transfer files unchanged, as plain files, in binary mode."
    ),
    FaultCode.BATCH_FILE_UNKNOWN: FaultRow(
        "A file belongs to no batch", _E, Category.SYNTAX, _S, False, 400, "Sender", 400, "Put down only files that a manifest names."
    ),
    FaultCode.CALLER_NOT_CONNECTED: FaultRow(
        "Your organisation is not connected at present",
        _E,
        Category.SECURITY,
        Blame.OPERATOR,
        True,
        403,
        "Sender",
        601,
        "You are known, but not live yet, suspended, or gone. Ask the operator of the gateway, and resend once you are connected.",
    ),
    FaultCode.SENDER_NOT_ALLOWED: FaultRow(
        "The signing key may not speak for this sender",
        _E,
        Category.SECURITY,
        _S,
        False,
        403,
        "Sender",
        601,
        "Use a sender code that is registered for your key.",
    ),
    FaultCode.STALE: FaultRow(
        "The message is older than agreed",
        _E,
        Category.SECURITY,
        _S,
        False,
        400,
        "Sender",
        400,
        "Sign again with the present time; keep the same message id or control reference.",
    ),
    FaultCode.FROM_THE_FUTURE: FaultRow(
        "The message is dated in the future", _E, Category.SECURITY, _S, False, 400, "Sender", 400, "Set your clock; a difference of 300 seconds is allowed."
    ),
    FaultCode.WRONG_AUDIENCE: FaultRow(
        "The message is addressed to another gateway or environment",
        _E,
        Category.SECURITY,
        _S,
        False,
        400,
        "Sender",
        400,
        "Set `aud` to the audience of this gateway.",
    ),
    FaultCode.KEY_REUSED: FaultRow(
        "The message id or control reference was used for other content",
        _E,
        Category.DUPLICATE,
        _S,
        False,
        409,
        "Sender",
        409,
        "Give new content a new id or control reference.",
    ),
    FaultCode.UNKNOWN_RECIPIENT: FaultRow("The recipient is not known here", _E, Category.ROUTING, _S, False, 422, "Sender", 404, "Check the recipient code."),
    FaultCode.NO_RECIPIENT: FaultRow("The message is for nobody", _E, Category.ROUTING, _S, False, 422, "Sender", 404, "Name at least one recipient."),
    FaultCode.FILTERED_OUT: FaultRow(
        "The recipient takes no such messages", _E, Category.ROUTING, _S, False, 422, "Sender", 422, "Leave it out, or have its content filter changed."
    ),
    FaultCode.PARTNER_NOT_LIVE: FaultRow(
        "The partner is not connected", _E, Category.ROUTING, _S, True, 422, "Receiver", 503, "Ask the operator when the partner will be live."
    ),
    FaultCode.SENDER_DISABLED: FaultRow(
        "The sender is switched off here", _E, Category.ROUTING, Blame.OPERATOR, True, 422, "Receiver", 503, "Ask the operator; then send it again."
    ),
    FaultCode.TEST_IN_LIVE: FaultRow(
        "Test messages are not agreed with this partner",
        _E,
        Category.ROUTING,
        _S,
        False,
        422,
        "Sender",
        400,
        "Clear the test indicator, or send to a test environment.",
    ),
    FaultCode.STRUCTURE_INVALID: FaultRow(
        "The structure is not that of the message type",
        _E,
        Category.CONTENT,
        _S,
        False,
        422,
        "Sender",
        422,
        "Compare with the published schema at the place named.",
    ),
    FaultCode.ELEMENT_MISSING: FaultRow("A mandatory element is missing", _E, Category.CONTENT, _S, False, 422, "Sender", 422, "Add the element named."),
    FaultCode.ELEMENT_UNKNOWN: FaultRow("There is no such element", _E, Category.CONTENT, _S, False, 422, "Sender", 422, "Remove or rename the element."),
    FaultCode.ELEMENT_REPEATED: FaultRow("An element stands more than once", _E, Category.CONTENT, _S, False, 422, "Sender", 422, "Keep one of them."),
    FaultCode.ELEMENT_MISPLACED: FaultRow(
        "An element stands in the wrong place",
        _E,
        Category.CONTENT,
        _S,
        False,
        422,
        "Sender",
        422,
        "Write the elements in the order of the published schema.",
    ),
    FaultCode.VALUE_TOO_LONG: FaultRow(
        "A value is longer than its field", _E, Category.CONTENT, _S, False, 422, "Sender", 422, "Shorten the value to the length that the detail names."
    ),
    FaultCode.VALUE_INVALID: FaultRow(
        "A value does not have the form of its field", _E, Category.CONTENT, _S, False, 422, "Sender", 422, "Write the value in the form that the detail names."
    ),
    FaultCode.CODE_UNKNOWN: FaultRow(
        "A code is not in its code list", _E, Category.CONTENT, _S, False, 422, "Sender", 422, "Use a code of the list, or ask for the code to be added to it."
    ),
    FaultCode.IDENTIFIER_INVALID: FaultRow(
        "An identifier fails its check", _E, Category.CONTENT, _S, False, 422, "Sender", 422, "Check the identifier for typing errors."
    ),
    FaultCode.IDENTIFIER_UNKNOWN: FaultRow(
        "The own id names no record here", _E, Category.CONTENT, _S, True, 422, "Sender", 404, "Wait until its insert is applied, or use nDelius's id."
    ),
    FaultCode.TYPE_UNKNOWN: FaultRow(
        "The message type is not known", _E, Category.CONTENT, _S, False, 422, "Sender", 422, "See the catalogue of message types."
    ),
    FaultCode.TYPE_NOT_AGREED: FaultRow(
        "The message type is not agreed with this partner",
        _E,
        Category.ROUTING,
        _S,
        False,
        422,
        "Sender",
        422,
        "Ask for the type to be added to the agreement.",
    ),
    FaultCode.VERSION_UNKNOWN: FaultRow(
        "The schema version is not spoken", _E, Category.CONTENT, _S, False, 422, "Sender", 422, "Use a version that the detail names."
    ),
    FaultCode.CONTROL_COUNT_WRONG: FaultRow(
        "ControlCount is not the number of messages", _E, Category.CONTENT, _S, False, 422, "Sender", 422, "Count the SPGMessage elements."
    ),
    FaultCode.CONTROL_REFERENCE_MISMATCH: FaultRow(
        "Header and trailer name different control references",
        _E,
        Category.CONTENT,
        _S,
        False,
        422,
        "Sender",
        422,
        "Repeat the header's references in the trailer.",
    ),
    FaultCode.IDENTITY_MISMATCH: FaultRow(
        "Header and trailer name different parties", _E, Category.CONTENT, _S, False, 422, "Sender", 422, "Repeat the header's identities in the trailer."
    ),
    FaultCode.MESSAGE_REFERENCE_MISMATCH: FaultRow(
        "Message references do not agree",
        _E,
        Category.CONTENT,
        _S,
        False,
        422,
        "Sender",
        422,
        "Number the messages 1, 2, 3 … and repeat each number in its trailer.",
    ),
    FaultCode.RECEIPT_NOT_OURS: FaultRow(
        "The receipt is for nothing that was sent to this party",
        _E,
        Category.ROUTING,
        _S,
        False,
        404,
        "Sender",
        404,
        "Only the recipient of a message can settle it; check the reference.",
    ),
    FaultCode.RECEIPT_DIGEST_MISMATCH: FaultRow(
        "The receipt is for other content than was sent",
        _E,
        Category.SECURITY,
        _S,
        False,
        409,
        "Sender",
        409,
        "Sign the digest of the document that you received.",
    ),
    FaultCode.RECEIPT_STAGE_INVALID: FaultRow(
        "The receipt's stage cannot follow the last one", _E, Category.CONTENT, _S, False, 409, "Sender", 409, "A settled delivery stays settled."
    ),
    FaultCode.NOT_TRANSLATABLE: FaultRow(
        "The recipient's language cannot say this",
        _E,
        Category.DELIVERY,
        Blame.GATEWAY,
        False,
        422,
        "Receiver",
        599,
        "The operator has to extend the dialect or the code list; the message is kept.",
    ),
    FaultCode.RECIPIENT_UNREACHABLE: FaultRow(
        "The recipient could not be reached",
        Severity.WARNING,
        Category.DELIVERY,
        Blame.RECIPIENT,
        True,
        504,
        "Receiver",
        504,
        "Nothing: the gateway keeps the message and tries again.",
    ),
    FaultCode.RECIPIENT_REFUSED: FaultRow(
        "The recipient's system refused the message",
        _E,
        Category.DELIVERY,
        Blame.RECIPIENT,
        False,
        502,
        "Receiver",
        502,
        "Ask the recipient; the message is kept.",
    ),
    FaultCode.NOT_APPLIED: FaultRow(
        "The recipient's case system did not apply the message",
        _E,
        Category.DELIVERY,
        Blame.RECIPIENT,
        False,
        422,
        "Receiver",
        500,
        "Read the recipient's reason.",
    ),
    FaultCode.VERSION_CONFLICT: FaultRow(
        "The record has changed since the version that the message names",
        _E,
        Category.DELIVERY,
        _S,
        False,
        409,
        "Receiver",
        409,
        "Take over the record's present state, make the change again on its current version, and send it under a new reference.",
    ),
    FaultCode.DISCARDED_BY_OPERATOR: FaultRow(
        "An operator ended the delivery", _E, Category.DELIVERY, Blame.OPERATOR, False, 410, "Receiver", 599, "Read the operator's reason."
    ),
    FaultCode.ATTEMPTS_EXHAUSTED: FaultRow(
        "The gateway stopped trying and an operator was told",
        _E,
        Category.DELIVERY,
        Blame.OPERATOR,
        False,
        504,
        "Receiver",
        504,
        "Nothing: the message is kept until an operator retries or discards it.",
    ),
    FaultCode.UNAVAILABLE: FaultRow(
        "The gateway cannot take messages now",
        _E,
        Category.INTERNAL,
        Blame.GATEWAY,
        True,
        503,
        "Receiver",
        503,
        "Send the same message again later; nothing was taken.",
    ),
    FaultCode.INTERNAL_ERROR: FaultRow(
        "The gateway made a mistake",
        _E,
        Category.INTERNAL,
        Blame.GATEWAY,
        True,
        500,
        "Receiver",
        500,
        "Send the same message again; quote the reference to the operator.",
    ),
}
