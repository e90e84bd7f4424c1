"""Last stages: when a recipient's system can say no more about a delivery.

What it is: one question that settlement and notices both ask. What it is not: the table of states.
"""

from gateway.partners.agreement import Agreement, LastStage
from gateway.records import Delivery, DeliveryState

_FINAL = frozenset({DeliveryState.APPLIED, DeliveryState.NOT_APPLIED, DeliveryState.DISCARDED})


def reached_last_stage(delivery: Delivery, agreement: Agreement | None) -> bool:
    """True when no later stage can come, by the recipient's agreement."""
    if agreement is not None and agreement.last_stage is LastStage.DELIVERED and delivery.state is DeliveryState.DELIVERED:
        return True
    return delivery.state in _FINAL
