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


def test_an_answer_that_is_not_described_is_said_once(plan, client, tmp_path, capfd):
    (tmp_path / "notes.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: Notes, version: '1'}\npaths:\n"
        "  /open: {get: {operationId: open, security: [], responses: {'204': {description: nothing}}}}\n"
        "  /other: {get: {operationId: other, security: [], responses: {'204': {description: nothing}}}}\n"
    )
    with Gateway(plan("limit: none")) as gateway:
        for path in ("/open", "/open", "/other", "/open"):
            assert client.get(f"{gateway.url}{path}").status_code == 502
    told = [line for line in capfd.readouterr().err.splitlines() if "an answer was withheld" in line]
    assert [line.partition("api=")[2] for line in told] == [
        f"notes operation={operation} status=200 reason=contract.reply.status" for operation in ("open", "other")
    ]
