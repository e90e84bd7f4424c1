"""Security policies as values: what a signature must cover, and with which algorithms.

What it is: named, closed, and chosen per agreement. What it is not: negotiable by a message. The legacy
policy accepts what the real Strategic Partner Gateway product sends; its weakness (an unsigned time stamp)
is covered by the durable duplicate memory and by the signed DateOfPreparation.
"""

from dataclasses import dataclass

CLOCK_SKEW_SECONDS = 300
"""How far a partner's clock may differ from ours (architecture, contracts with the outside)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityPolicy:
    """What a packaging checks. A partner's policy can only be one of the named ones."""

    name: str
    signed_parts: frozenset[str]
    """WS-Security: `Body`, `Timestamp`."""
    digest_algorithms: frozenset[str]
    """XML-DSig digest URIs."""
    signature_algorithms: frozenset[str]
    """XML-DSig signature URIs."""
    freshness: str
    """`signed-timestamp`, or `preparation` where only the payload's own date is signed."""


_SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"

STRICT = SecurityPolicy(
    name="strict",
    signed_parts=frozenset({"Body", "Timestamp"}),
    digest_algorithms=frozenset({_SHA256}),
    signature_algorithms=frozenset({_RSA_SHA256}),
    freshness="signed-timestamp",
)
LEGACY_SPG = SecurityPolicy(
    name="legacy-spg",
    signed_parts=frozenset({"Body"}),
    digest_algorithms=frozenset({_SHA1, _SHA256}),
    signature_algorithms=frozenset({_RSA_SHA256}),
    freshness="preparation",
)
POLICIES: dict[str, SecurityPolicy] = {policy.name: policy for policy in (STRICT, LEGACY_SPG)}
