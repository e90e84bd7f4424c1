"""Content digests of documents that we wrote, as their recipients will compute them.

What it is: SHA-256 of the JWS payload bytes, or of the exclusive canonical form of the XML payload root
(Exclusive XML Canonicalization 1.0, without comments), as `wss` rebuilds it. What it is not: a check of anything.
"""

from gateway.trust.digests import digest
from gateway.trust.xml_guard import canonical_document
from schemas.identifiers import Digest


def document_digest(packaging: str, document: bytes) -> Digest:
    """The same for the same content, whatever a signer puts around it."""
    return digest(canonical_document(document) if packaging == "wss" else document)
