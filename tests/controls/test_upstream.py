"""upstream: where permitted requests go, and what a client is told when it does not get there."""

import pytest


def test_the_plan_that_comes_of_it(api):
    upstream = api(upstream={"urls": ["http://127.0.0.1:9000"], "timeout": "5s"}).upstream
    assert upstream.plan() == {"urls": ["http://127.0.0.1:9000"], "timeout": 5000, "connect": 5000}


@pytest.mark.parametrize("url", ["127.0.0.1:9000", "ftp://a.example", "http://", "http://u:p@a.example", "http://a/?b"])
def test_what_is_no_upstream(refused, url):
    assert len(refused(upstream={"urls": [url]})) == 1


def test_there_is_at_least_one(refused):
    assert refused(upstream={"urls": []}) == ["at least 1 entry"]


def test_every_reason_is_a_fault(reasons):
    assert {each["kind"] for each in reasons("upstream").values()} == {"fault"}
    assert {each["status"] for each in reasons("upstream").values()} <= {400, 408, 413, 500, 501, 502, 503, 504}
