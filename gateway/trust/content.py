"""Content digests: the same for the same content, whatever a signer put around it.

What it is: SHA-256 of the JWS payload bytes, or of the exclusive canonical form of the XML payload root
(Exclusive XML Canonicalization 1.0, without comments). What it is not: a check of anything.
"""

from lxml import etree

from gateway.trust.digests import digest
from schemas.identifiers import Digest


def document_digest(packaging: str, document: bytes) -> Digest:
    """Content digest of a document that we wrote, as its recipient will compute it."""
    if packaging != "wss":
        return digest(document)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    return digest(etree.tostring(etree.fromstring(document, parser), method="c14n", exclusive=True, with_comments=False))
