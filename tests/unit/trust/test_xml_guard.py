"""XML that is out to do harm ends in a coded refusal, before a tree exists."""

import pytest

from gateway.trust import soap
from gateway.trust.contract import Limits
from gateway.trust.soap import unwrap_unsigned, wrap
from gateway.trust.xml_guard import canonical, canonical_document, parse
from schemas.faults import FaultCode, Refusal
from tests.support.trust import LIMITS, SPG, XML_DOCUMENT

ENTITIES = b'<!DOCTYPE l [<!ENTITY a "lol">' + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)) + b"]><l>&j;</l>"
HARM: dict[str, tuple[bytes, FaultCode]] = {
    "external entity": (b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', FaultCode.TOO_COMPLEX),
    "parameter entity": (b'<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:1/x"> %e;]><x/>', FaultCode.TOO_COMPLEX),
    "external subset": (b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><x/>', FaultCode.TOO_COMPLEX),
    "billion laughs": (ENTITIES, FaultCode.TOO_COMPLEX),
    "empty doctype": (b"<!DOCTYPE x><x/>", FaultCode.TOO_COMPLEX),
    "doctype after a comment": (b"<!-- --><!DOCTYPE x><x/>", FaultCode.TOO_COMPLEX),
    "entity without doctype": (b"<x>&e;</x>", FaultCode.MALFORMED),
    "stylesheet": (b'<?xml-stylesheet href="x.xsl"?><x/>', FaultCode.TOO_COMPLEX),
    "instruction inside": (b"<x><?php ?></x>", FaultCode.TOO_COMPLEX),
    "deep nesting": (b"<x>" * 100_000, FaultCode.TOO_COMPLEX),
    "one level too deep": (b"<x>" * 41 + b"</x>" * 41, FaultCode.TOO_COMPLEX),
    "too many elements": (b"<x>" + b"<y/>" * 600_000 + b"</x>", FaultCode.TOO_COMPLEX),
    "too many attributes": (b"<x " + b" ".join(b'a%d=""' % n for n in range(65)) + b"/>", FaultCode.TOO_COMPLEX),
    "duplicate attribute": (b'<x a="1" a="2"/>', FaultCode.MALFORMED),
    "duplicate attribute by namespace": (b'<x xmlns:p="urn:n" xmlns:q="urn:n" p:a="1" q:a="2"/>', FaultCode.MALFORMED),
    "unbound prefix": (b"<p:x/>", FaultCode.MALFORMED),
    "another encoding": ('<?xml version="1.0" encoding="ISO-8859-1"?><x>é</x>'.encode("latin-1"), FaultCode.MALFORMED),
    "another encoding by name": (b'<?xml version="1.0" encoding="UTF-7"?><x/>', FaultCode.MALFORMED),
    "UTF-16": ("<x/>".encode("utf-16"), FaultCode.MALFORMED),
    "no UTF-8": (b"<x>\xff</x>", FaultCode.MALFORMED),
    "NUL": (b"<x>\x00</x>", FaultCode.MALFORMED),
    "two roots": (b"<x/><x/>", FaultCode.MALFORMED),
    "unclosed": (b"<x>", FaultCode.MALFORMED),
    "unescaped": (b"<x>a & b</x>", FaultCode.MALFORMED),
    "nothing": (b"", FaultCode.MALFORMED),
    "JSON": (b"{}", FaultCode.MALFORMED),
}


@pytest.mark.parametrize("name", HARM)
def test_harm_is_refused(name: str) -> None:
    raw, code = HARM[name]
    with pytest.raises(Refusal) as caught:
        parse(raw, LIMITS)
    assert caught.value.fault.code is code
    assert "passwd" not in caught.value.fault.detail


def test_size_is_judged_before_anything_is_read() -> None:
    with pytest.raises(Refusal) as caught:
        parse(b"<x/>" * 10, Limits(max_bytes=39))
    assert caught.value.fault.code is FaultCode.TOO_LARGE


def test_what_is_plain_passes() -> None:
    deep = b"<x>" * 40 + b"</x>" * 40
    assert parse(deep, LIMITS).tag == "x"
    assert parse(b'<?xml version="1.0" encoding="utf-8"?>\n<!-- c --><x/>', LIMITS).tag == "x"
    assert parse(b"<x>" + b"<y/>" * 1000 + b"</x>", LIMITS).tag == "x"


def test_a_relative_namespace_has_no_canonical_form() -> None:
    with pytest.raises(Refusal) as caught:
        canonical_document(b'<x xmlns="not/absolute"/>')
    assert caught.value.fault.code is FaultCode.MALFORMED


def test_canonical_form_joins_what_comments_part_and_knows_one_spelling() -> None:
    one = canonical(parse(b"<x b='2'  a='1'>N00<!-- -->X<![CDATA[<]]></x >", LIMITS))
    assert one == b'<x a="1" b="2">N00X&lt;</x>' == canonical_document(one)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_unsigned_envelopes_are_only_claimed(version: str) -> None:
    envelope = wrap(b'<?xml version="1.0"?>' + XML_DOCUMENT, version)
    claimed = unwrap_unsigned(envelope, LIMITS)
    assert claimed == soap.ClaimedContent(canonical_document(XML_DOCUMENT), "interchange", version)
    assert soap.content_type(version).startswith(soap.MEDIA_TYPES[version])


def test_a_bare_response() -> None:
    document = f'<SPGInterchangeResponse xmlns="{SPG}"><SPGInterchangeResponseType>200</SPGInterchangeResponseType></SPGInterchangeResponse>'.encode()
    assert unwrap_unsigned(wrap(document, "1.2"), LIMITS).kind == "interchange-response"


@pytest.mark.parametrize("body", [b"", b"<x/>", XML_DOCUMENT + XML_DOCUMENT, b"text" + XML_DOCUMENT, XML_DOCUMENT + b"text"])
def test_a_body_with_other_than_one_payload(body: bytes) -> None:
    envelope = wrap(XML_DOCUMENT, "1.2").replace(canonical_document(XML_DOCUMENT), body)
    with pytest.raises(Refusal) as caught:
        unwrap_unsigned(envelope, LIMITS)
    assert caught.value.fault.code is FaultCode.MALFORMED
