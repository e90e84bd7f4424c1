"""Coverage-guided: any bytes are a parcel or unreadable; a parcel comes back as it went."""

import atheris

from tests.support.fuzzing import OURS, fuzz

with atheris.instrument_imports(include=OURS):
    from broker.parcel import Parcel, ParcelUnreadable, decode, encode
    from schemas.identifiers import DeliveryId, PartyCode


def one_input(data: bytes) -> None:
    try:
        parcel = decode(data)
    except ParcelUnreadable:
        return
    if decode(encode(parcel)) != parcel:
        raise AssertionError("a parcel did not come back as it went")
    parcel.associated_data()


if __name__ == "__main__":
    whole = Parcel("deliver", DeliveryId("d-1"), PartyCode("C05"), "lane", b"sealed")
    fuzz("parcel", one_input, [encode(whole), encode(Parcel("deliver", DeliveryId("d-1"), PartyCode("C05"), "lane"))])
