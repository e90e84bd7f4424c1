"""What a fault may repeat of what it found."""

import pytest

from schemas.classes import FieldClass, repeatable

CODES = ["ZZ", "pn", "X", "0-9-15", "0.9.14", "N0", "N000", "99", "1000", "A1B2", "CB1CF9D6CE475DD58274951576C023FC", "C07A1", 42]
PERSONAL = [
    *("Quillfeather", "QUILL", "Thackery,Ione", "Mr Oak", "J.OAK", "LEE-ANN", "O'Hay"),
    *("1987-03-12", "12.03.1987", "12/03/1987", "12-3-87", "19870312", "120387"),
    *(
        "X876973",
        "A1234BC",
        "2015/0012345W",
        "15/12345W",
        "QQ123456C",
        "07700900123",
        "SW1A1AA",
        "N11AA",
        "a1234bc",
        "A1234bc",
        "sw1a1aa",
        "n11aa",
        "quill@example.org",
    ),
    *("", None, ["ZZ"], {"code": "ZZ"}, "x" * 41, "ZZ\n", "٦"),
]


@pytest.mark.parametrize("value", CODES)
def test_what_looks_like_a_code_is_repeated_from_a_code_field_alone(value: object) -> None:
    assert repeatable(value, FieldClass.CODE) == str(value)
    assert repeatable(value, FieldClass.PERSONAL) == repeatable(value, FieldClass.REFERENCE) == ""


@pytest.mark.parametrize("value", PERSONAL)
def test_what_may_be_personal_is_never_repeated(value: object) -> None:
    assert repeatable(value, FieldClass.CODE) == ""
