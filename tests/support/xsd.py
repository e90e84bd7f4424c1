"""The XSD of each version as libxml2 reads it."""

from functools import cache

from lxml import etree

from adapters.agencies.ndelius.schema import xsd


@cache
def schema_of(version: str) -> etree.XMLSchema:
    """The schema of one version, ready to judge."""
    return etree.XMLSchema(etree.fromstring(xsd(version)))


def complaint(root: etree._Element, version: str = "") -> str:
    """What the schema of the document's own version, or of the one named, says against it; empty where it is valid."""
    schema = schema_of(version or root.get("SchemaVersion", ""))
    return "" if schema.validate(root) else str(schema.error_log[0].message)
