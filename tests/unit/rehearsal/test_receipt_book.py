"""A receipt is believed when its signature, its audience and its place in the chain check, and else not."""

import pytest

from gateway.rehearsal.jose import NotBelievedError
from gateway.rehearsal.receipt_book import ReceiptBook, Standing, TooEarlyError
from schemas.receipts import Basis, MessageVerdict, Stage
from tests.support.partners import IDENTITY, GatewayVoice, digest


@pytest.fixture
def voice() -> GatewayVoice:
    return GatewayVoice()


@pytest.fixture
def book(voice: GatewayVoice) -> ReceiptBook:
    return ReceiptBook(IDENTITY.organisation, voice.keys())


def accepted(voice: GatewayVoice) -> str:
    return voice.receipt(Stage.ACCEPTED, "s-1", control_reference="r-1", messages=(MessageVerdict("m-1", "r-1", "accepted"),))


def later(voice: GatewayVoice, stage: Stage, before: str, *, message: str = "m-1", recipient: str = "N00") -> str:
    return voice.receipt(stage, message, recipient=recipient, basis=Basis.GATEWAY, previous=digest(before))


def test_a_whole_chain_is_believed(voice: GatewayVoice, book: ReceiptBook) -> None:
    first = accepted(voice)
    second = later(voice, Stage.DELIVERED, first)
    third = later(voice, Stage.APPLIED, second)
    assert [book.take(jws)[1] for jws in (first, second, third)] == [Standing.NEW] * 3
    assert [held.stage for held in book.later_of("m-1")] == [Stage.DELIVERED, Stage.APPLIED]


def test_the_same_bytes_again_are_known(voice: GatewayVoice, book: ReceiptBook) -> None:
    first = accepted(voice)
    book.take(first)
    assert book.take(first)[1] is Standing.KNOWN


def test_a_later_receipt_before_its_acceptance_is_too_early(voice: GatewayVoice, book: ReceiptBook) -> None:
    with pytest.raises(TooEarlyError):
        book.take(later(voice, Stage.APPLIED, accepted(voice)))


def test_nothing_follows_a_final_stage(voice: GatewayVoice, book: ReceiptBook) -> None:
    first = accepted(voice)
    final = later(voice, Stage.APPLIED, first)
    book.take(first)
    book.take(final)
    with pytest.raises(NotBelievedError):
        book.take(later(voice, Stage.NOT_APPLIED, final))


@pytest.mark.parametrize("change", [{"message": "m-2"}, {"recipient": "C05"}])
def test_the_chain_of_another_delivery_is_no_chain(voice: GatewayVoice, book: ReceiptBook, change: dict[str, str]) -> None:
    first = accepted(voice)
    second = later(voice, Stage.DELIVERED, first)
    book.take(first)
    book.take(second)
    with pytest.raises(NotBelievedError):
        book.take(later(voice, Stage.APPLIED, second, **change))


def test_a_receipt_for_somebody_else_is_not_believed(voice: GatewayVoice, book: ReceiptBook) -> None:
    with pytest.raises(NotBelievedError):
        book.take(voice.receipt(Stage.ACCEPTED, "s-1", organisation="larkspur"))


def test_a_receipt_of_another_gateway_is_not_believed(book: ReceiptBook) -> None:
    with pytest.raises(NotBelievedError):
        book.take(accepted(GatewayVoice()))
