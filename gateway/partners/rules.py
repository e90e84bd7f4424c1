"""Why onboarding says no, and the parts that an agreement may name.

What it is: the rules by their stable names, each with its sentence, the error that carries one, and the names
of what exists. What it is not: the rules at work (see `onboarding`, where everybody takes these from).
"""

from dataclasses import dataclass
from enum import StrEnum

from gateway.partners.agreement import CARRY_OWN_IDS, DeliveryMode
from schemas.versions import VERSIONS


class Rule(StrEnum):
    """Why onboarding said no. Stable names; each has its sentence in `RULES`."""

    ORGANISATION_ID_INVALID = "organisation-id-invalid"
    ORGANISATION_UNKNOWN = "organisation-unknown"
    ORGANISATION_TWICE = "organisation-twice"
    ORGANISATION_LEFT = "organisation-left"
    STANDING_MOVE = "standing-move"
    NOT_READY = "not-ready"
    NOT_PROVED = "not-proved"
    PARTY_CODE_INVALID = "party-code-invalid"
    PARTY_UNKNOWN = "party-unknown"
    PARTY_TAKEN = "party-taken"
    DIALECT_UNKNOWN = "dialect-unknown"
    VERSION_UNKNOWN = "version-unknown"
    DETAIL_MISMATCH = "detail-mismatch"
    PACKAGING_UNKNOWN = "packaging-unknown"
    CHANNEL_UNKNOWN = "channel-unknown"
    TYPE_UNKNOWN = "type-unknown"
    POLICY_MISMATCH = "policy-mismatch"
    PACKAGING_MISMATCH = "packaging-mismatch"
    DIVISION_TAKEN = "division-taken"
    ROUTE_INVALID = "route-invalid"
    ORGANISATION_DIVIDED = "organisation-divided"
    ENDPOINT_INVALID = "endpoint-invalid"
    FILTER_INVALID = "filter-invalid"
    BROADCAST_INVALID = "broadcast-invalid"
    OWN_IDS_NOT_CARRIED = "own-ids-not-carried"
    VALUE_OUT_OF_RANGE = "value-out-of-range"
    KEY_ALGORITHM = "key-algorithm"
    KEY_VALIDITY = "key-validity"
    KEY_SPEAKS_FOR = "key-speaks-for"
    KEY_TAKEN = "key-taken"
    KEY_USE = "key-use"
    KEY_REVOKED = "key-revoked"
    KEY_UNKNOWN = "key-unknown"


RULES: dict[Rule, str] = {
    Rule.ORGANISATION_ID_INVALID: "An organisation id has 1 to 40 lower case letters, digits and hyphens.",
    Rule.ORGANISATION_UNKNOWN: "The organisation is not known; apply its profile first.",
    Rule.ORGANISATION_TWICE: "One organisation has one profile; two of these name it.",
    Rule.ORGANISATION_LEFT: "The organisation has left; it applies again under a new id.",
    Rule.STANDING_MOVE: "The standing cannot move this way.",
    Rule.NOT_READY: "Something that a live partner needs is still missing.",
    Rule.NOT_PROVED: "To go from proving to live, each party that is sent to needs a passed conformance run of what is agreed now.",
    Rule.PARTY_CODE_INVALID: "A party code has three capital letters or digits.",
    Rule.PARTY_UNKNOWN: "The party is not known.",
    Rule.PARTY_TAKEN: "Another organisation runs this party.",
    Rule.DIALECT_UNKNOWN: "No adapter speaks this dialect.",
    Rule.VERSION_UNKNOWN: "There is no such version of the message schema, which is what every dialect's version says.",
    Rule.DETAIL_MISMATCH: "A dialect that only points at messages, and it alone, needs a language for their details.",
    Rule.PACKAGING_UNKNOWN: "There is no such packaging.",
    Rule.CHANNEL_UNKNOWN: "No channel serves this delivery mode.",
    Rule.TYPE_UNKNOWN: "There is no such message type.",
    Rule.POLICY_MISMATCH: "The security policy does not fit the packaging.",
    Rule.PACKAGING_MISMATCH: "The packaging cannot travel over this delivery mode.",
    Rule.DIVISION_TAKEN: "The code of a division is no party's, and no other division's.",
    Rule.ROUTE_INVALID: "The code cannot be routed to that organisation.",
    Rule.ORGANISATION_DIVIDED: "The parties of one organisation send in one dialect, under one policy and one maximum age, per packaging: its keys say which.",
    Rule.ENDPOINT_INVALID: "The endpoint does not fit the delivery mode.",
    Rule.OWN_IDS_NOT_CARRIED: "The dialect has no way to write a partner's own ids.",
    Rule.FILTER_INVALID: "A content filter names something that is not there.",
    Rule.BROADCAST_INVALID: "What is broadcast by type is what a party sends and has agreed to send.",
    Rule.VALUE_OUT_OF_RANGE: "A number of the agreement is out of range.",
    Rule.KEY_ALGORITHM: "The algorithm of the key is not allowed.",
    Rule.KEY_VALIDITY: "The validity of the key is not allowed.",
    Rule.KEY_SPEAKS_FOR: "The key may speak only for parties of its own organisation, and a signing key for at least one.",
    Rule.KEY_TAKEN: "The key is pinned for another organisation.",
    Rule.KEY_USE: "A key has exactly one use and one algorithm.",
    Rule.KEY_REVOKED: "A revoked key is never pinned again.",
    Rule.KEY_UNKNOWN: "The key is not pinned for this organisation.",
}


@dataclass(eq=False)
class OnboardingError(Exception):
    """The rules say no. `detail` says where, without secrets or personal data."""

    rule: Rule
    detail: str = ""

    def __str__(self) -> str:
        return f"{RULES[self.rule]} {self.detail}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The names of the parts that exist, handed in by whoever knows the catalogues."""

    dialects: frozenset[str]
    packagings: frozenset[str]
    versions: tuple[str, ...] = tuple(VERSIONS)
    """Of the message schema, oldest first: no dialect has others."""
    modes: frozenset[DeliveryMode] = frozenset(DeliveryMode)
    types: frozenset[str] = frozenset()
    pointing: frozenset[str] = frozenset()
    """Dialects whose documents only point at a message."""
    details: frozenset[str] = frozenset()
    """Dialects that such a message may be fetched in."""
    own_ids: frozenset[str] = CARRY_OWN_IDS
    """Dialects in which a partner can say its own id of a record."""
