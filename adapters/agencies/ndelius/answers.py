"""SPGInterchangeResponse: the synchronous answer on the same HTTP exchange.

What it is: the payload root inside the answer's SOAP Body, both ways. What it is not: an interchange: it has
no header and no references.
"""

from typing import Final

from adapters.agencies.ndelius.documents import NAMESPACE
from adapters.agencies.ndelius.envelope import RESPONSE
from adapters.agencies.ndelius.parsing import parse, texts
from adapters.values import MisreadError
from schemas.faults import Fault, FaultCode, refusal_of, refuse

_POINTER: Final = "/SPGInterchangeResponse/SPGInterchangeResponseType"


def interchange_response(status: int) -> bytes:
    """The answer with this status: 200 says received."""
    return (
        f'<SPGInterchangeResponse xmlns="{NAMESPACE}"><SPGInterchangeResponseType>{status:d}</SPGInterchangeResponseType></SPGInterchangeResponse>'
    ).encode()


def read_interchange_response(content: bytes) -> int:
    """The status of an answer. Refuses anything that is not one."""
    root = parse(content, RESPONSE.element)
    faults: list[Fault] = []
    found = texts(root, RESPONSE, f"/{RESPONSE.element}", faults)
    if faults:
        raise refusal_of(faults)
    leaf, text = found[0]
    try:
        status = leaf.kind.read(text)
    except MisreadError as error:
        raise refuse(FaultCode.VALUE_INVALID, str(error), pointer=_POINTER) from None
    if not isinstance(status, int) or not 100 <= status <= 999:
        raise refuse(FaultCode.VALUE_INVALID, "A status has three digits.", pointer=_POINTER)
    return status
