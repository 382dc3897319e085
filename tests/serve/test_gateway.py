"""Property: a gateway that runs says where its clients and its watchers connect."""

import pytest

from yett.serve.gateway import Gateway

LISTEN = "listen: [127.0.0.1:0], threads: 1"


@pytest.mark.parametrize("admin", [True, False])
def test_where_the_metrics_are(plan, client, admin):
    more = ", admin: 127.0.0.2:0" if admin else ""
    with Gateway(plan("limit: none", top=f"gateway: {{{LISTEN}{more}}}")) as gateway:
        if not admin:
            assert gateway.admin_url is None
            return
        assert gateway.admin_url != gateway.url
        assert "yett_" in client.get(f"{gateway.admin_url}/metrics").text
