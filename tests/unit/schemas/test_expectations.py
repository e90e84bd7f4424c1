"""What a fault says that was expected, where a value has not even the basic type."""

import pytest
from pydantic import ValidationError

from schemas.faults import FaultCode
from schemas.payload import Concept
from schemas.validation import faults_of, json_pointer


class Thing(Concept):
    """One field of each basic type."""

    text: str = ""
    flag: bool = False
    number: int = 0


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('{"text": 1}', "A text was expected, in quotation marks."),
        ('{"flag": "Y"}', "true or false was expected, without quotation marks."),
        ('{"number": "1"}', "A whole number was expected, without quotation marks."),
    ],
)
def test_the_rule_is_told(document: str, expected: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Thing.model_validate_json(document, strict=True)
    (fault,) = faults_of(caught.value, json_pointer, model=Thing)
    assert (fault.code, fault.detail) == (FaultCode.VALUE_INVALID, expected)
