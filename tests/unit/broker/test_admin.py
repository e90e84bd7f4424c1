"""What the broker's management says of things that come and go while it is asked."""

import httpx

from broker.admin import RabbitAdmin
from broker.topology import GATEWAY


def test_a_vhost_that_is_being_deleted_is_listed_without_a_name_and_left_out() -> None:
    rows = {"/api/vhosts": [{"cluster_state": {}}, {"name": "gateway-1"}, {"name": "somebody-elses"}]}
    admin = RabbitAdmin("http://127.0.0.1:1", "made-up", "made-up", vhosts={GATEWAY: "gateway-1"})
    admin.close()
    admin._http = httpx.Client(
        base_url="http://127.0.0.1:1", transport=httpx.MockTransport(lambda asked: httpx.Response(200, json=rows.get(asked.url.path, [])))
    )
    assert admin.present().vhosts == {GATEWAY}
    admin.close()
