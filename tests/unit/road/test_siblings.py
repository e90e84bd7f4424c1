"""What is asked of an interchange's deliveries is answered as if all of them were looked at."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from gateway.exchange.siblings import Siblings
from gateway.exchange.stages import reached_last_stage
from gateway.partners.directory import Directory
from gateway.records import Delivery, DeliveryKind, DeliveryState
from schemas.identifiers import DeliveryId, MessageId, PartyCode, SubmissionId

NOW = datetime(2026, 11, 23, tzinfo=UTC)
STATES = st.sampled_from(list(DeliveryState))


def delivery(number: int, sequence: int, state: DeliveryState) -> Delivery:
    return Delivery(
        delivery_id=DeliveryId(f"d{number}"),
        kind=DeliveryKind.MESSAGE,
        message_id=MessageId(f"m{number}"),
        submission_id=SubmissionId("s"),
        sender=PartyCode("N00"),
        recipient=PartyCode("C17"),
        lane="x",
        sequence=sequence,
        state=state,
        created_at=NOW,
        updated_at=NOW,
    )


@given(st.lists(st.tuples(STATES, STATES), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_as_if_all_were_looked_at(states: list[tuple[DeliveryState, DeliveryState]], dice) -> None:  # type: ignore[no-untyped-def]
    places = dice.sample(range(1, 100), len(states))
    found = [delivery(number, place, before) for number, (place, (before, _)) in enumerate(zip(places, states, strict=True))]
    siblings = Siblings.of(found, Directory())
    for number, (_, after) in enumerate(states):
        found[number] = delivery(number, places[number], after)
        siblings.put(found[number], Directory())
        for one in found:
            others = [other for other in found if other.delivery_id != one.delivery_id]
            assert siblings.first_besides(one) == min(others, key=lambda other: other.sequence, default=None)
            assert siblings.others_ended(one) is all(reached_last_stage(other, None) for other in others)
            assert sorted(siblings.all_with(one), key=lambda other: other.sequence) == sorted(found, key=lambda other: other.sequence)
