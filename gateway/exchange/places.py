"""Places: how much of where something is wrong the audit chain may keep.

What it is: the one rule that keeps names of the sender's making out of what is never deleted. What it is not: what
the sender is told, which is everything. Called by `accept`.
"""

from schemas.faults import Fault, FaultCode

_NAMED_BY_SENDER = frozenset({FaultCode.ELEMENT_UNKNOWN, FaultCode.TYPE_UNKNOWN})


def chained_place(fault: Fault) -> str:
    """Where it is wrong, as the chain may keep it for ever: without names that only the sender gave. Whoever made
    a name up may have put a person into it; the sender's own receipt says it all."""
    if fault.code is FaultCode.ELEMENT_REPEATED:
        # Of JSON, any step may be the sender's; the first is ours.
        return "/".join(fault.pointer.split("/")[:2])
    return fault.pointer.rpartition("/")[0] if fault.code in _NAMED_BY_SENDER else fault.pointer
