"""The process is killed with SIGKILL between every two beats of every step, with a real RabbitMQ, on both databases.

After a restart: nothing lost, no second effect, receipts true, chain whole.
"""

from pathlib import Path

import pytest

from tests.support.exchange import Partners, installation, payloads, prove
from tests.support.integrity import findings
from tests.support.rabbitmq import PrivateVhosts

pytestmark = [pytest.mark.rabbitmq, pytest.mark.slow, pytest.mark.timeout(150)]

POINTS = [
    # submit: received | committed | acknowledged
    "intake.alpha:commit:before:1",
    "intake.alpha:commit:after:1",
    "intake.alpha:ack:after:1",
    # relay: looked | published | forgotten
    "relay:publish:before:1",
    "relay:publish:after:1",
    "relay:forget:after:1",
    # deliver: received | document fixed | handed over | noted | acknowledged
    "courier.C17:commit:before:1",
    "courier.C17:commit:after:1",
    "courier.C17:publish:after:1",
    "courier.C17:commit:after:2",
    "courier.C17:ack:after:1",
    # settle: received | committed | acknowledged
    "intake.beta:commit:before:1",
    "intake.beta:commit:after:1",
    "intake.beta:ack:after:1",
    # receipts on their way back: published | forgotten
    "relay:publish:after:2",
    "relay:forget:after:2",
]


@pytest.mark.parametrize("point", POINTS)
def test_killed_at(point: str, store_url: str, rabbitmq: PrivateVhosts, tmp_path: Path) -> None:
    with installation(tmp_path, store_url, rabbitmq) as place:
        partners = Partners(place, payloads(6))
        doomed = place.start(point)
        partners.start()
        try:
            assert doomed.wait(60) == -9, place.logs()
            place.start()
            assert partners.wait_for_all(60), (partners.errors, sorted(partners.finals()), place.logs())
        finally:
            partners.stop()
            place.stop()
        prove(partners)
        assert findings(store_url) == []
