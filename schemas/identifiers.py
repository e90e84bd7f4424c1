"""Identifiers as distinct types, and the checks that make them.

Not here: what the things they name look like. Called by everything that reads bytes from outside.
Formats follow the nDelius column widths and the public reference data of the Strategic Partner Gateway.
"""

from typing import NewType

MessageId = NewType("MessageId", str)
"""Ours: a UUIDv7 in text form, one per business message."""
SubmissionId = NewType("SubmissionId", str)
"""Ours: a UUIDv7 in text form, one per thing handed in (an SPG interchange, a JWS)."""
DeliveryId = NewType("DeliveryId", str)
"""Ours: a UUIDv7 in text form, one per message and recipient."""
PartyCode = NewType("PartyCode", str)
"""Three characters on the wire: N00, C05."""
OrganisationId = NewType("OrganisationId", str)
"""Who runs the systems of one or more parties: lower case letters, digits and hyphens."""
KeyId = NewType("KeyId", str)
"""RFC 7638 thumbprint of a JWK, or x5t#S256 of a certificate: base64url without padding."""
Digest = NewType("Digest", str)
"""`sha-256:` and 64 lower case hexadecimal digits."""
