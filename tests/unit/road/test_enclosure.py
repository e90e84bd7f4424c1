"""A document and its detail are kept as one and come apart as they were."""

import pytest

from gateway.exchange.enclosure import detail_in, document_in, enclose


@pytest.mark.parametrize("detail", [b"", b"{}", b"\x00detail\x00", b"x" * 70_000])
@pytest.mark.parametrize("document", [b"", b'{"a":1}', b"y" * 70_000])
def test_both_come_back(document: bytes, detail: bytes) -> None:
    kept = enclose(document, detail)
    assert (document_in(kept), detail_in(kept)) == (document, detail)


@pytest.mark.parametrize("document", [b"", b'{"a":1}', b"<a/>", b"H,1\r\n"])
def test_a_document_alone_is_kept_as_it_is(document: bytes) -> None:
    assert enclose(document, None) == document
    assert (document_in(document), detail_in(document)) == (document, None)
