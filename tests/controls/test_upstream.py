"""upstream: where permitted requests go, and what a client is told when it does not get there."""

import pytest


def test_the_plan_that_comes_of_it(api):
    upstream = api(upstream={"urls": ["http://127.0.0.1:9000"], "timeout": "5s"}).upstream
    assert upstream.plan() == {
        "urls": ["http://127.0.0.1:9000"],
        "timeout": 5000,
        "connect": 5000,
        "ejection": {"after": 5, "time": 5000, "longest": 300_000},
        "health": None,
        "retries": {"attempts": 2, "budget": 20, "try_timeout": None},
        "connections": 1024,
    }


@pytest.mark.parametrize("url", ["127.0.0.1:9000", "ftp://a.example", "http://", "http://u:p@a.example", "http://a/?b"])
def test_what_is_no_upstream(refused, url):
    assert len(refused(upstream={"urls": [url]})) == 1


def test_a_url_may_have_a_weight(api, refused):
    written = ["http://a:1", {"url": "http://b:2/v1", "weight": 3}, {"url": "http://c:3"}]
    weighted = {"url": "http://b:2/v1", "weight": 3}
    assert api(upstream={"urls": written}).upstream.plan()["urls"] == ["http://a:1", weighted, "http://c:3"]
    for weight, expected in [(0, "at least 1"), (65_536, "at most 65535")]:
        assert refused(upstream={"urls": [{"url": "http://a:1", "weight": weight}]}) == [expected]


@pytest.mark.parametrize(
    ("one", "other"), [("http://a:1", "http://a:1/"), ("http://a", "http://a:80"), ("http://a/v", "http://A:80/v")]
)
def test_a_url_stands_once(refused, one, other):
    twice = [one, "http://a/other", {"url": other, "weight": 2}]
    assert refused(upstream={"urls": twice}) == ["each URL once; `weight` gives one a larger share"]


def test_when_a_url_is_left_alone(api, refused):
    urls = ["http://a:1"]
    ejection = api(upstream={"urls": urls, "ejection": {"after": 3, "time": "1s"}}).upstream.plan()["ejection"]
    assert ejection == {"after": 3, "time": 1000, "longest": 300_000}
    assert api(upstream={"urls": urls, "ejection": "none"}).upstream.plan()["ejection"] is None
    for wrong, expected in [
        ({"time": "6m"}, "a duration no shorter than `time`"),
        ({"after": 0}, "at least 1"),
        (None, "`none`, or a mapping with keys of after, time, longest"),
        ({"before": 1}, "one of after, time, longest"),
    ]:
        assert refused(upstream={"urls": urls, "ejection": wrong}) == [expected]


def test_how_a_url_is_checked(api, refused):
    urls = ["http://a:1"]
    health = api(upstream={"urls": urls, "health": {"path": "/healthz?full"}}).upstream.plan()["health"]
    default = {"interval": 5000, "timeout": 1000, "healthy": 2, "unhealthy": 3, "status": []}
    assert health == {"path": "/healthz?full", **default}
    for wrong, expected in [
        ({}, "the key path (Asked with GET, behind the URL: `/healthz`)"),
        ({"path": "healthz"}, "a path such as /healthz, of visible ASCII characters, without #"),
        ({"path": "/a b"}, "a path such as /healthz, of visible ASCII characters, without #"),
        ({"path": "/a\r\nX: 1"}, "a path such as /healthz, of visible ASCII characters, without #"),
        ({"path": "/", "interval": "500ms"}, "a duration no longer than `interval`"),
        ({"path": "/", "healthy": 0}, "at least 1"),
        ({"path": "/", "status": [100]}, "at least 200"),
        ({"path": "/", "port": 1}, "one of path, interval, timeout, healthy, unhealthy, status"),
    ]:
        assert refused(upstream={"urls": urls, "health": wrong}) == [expected]


def test_when_a_request_is_sent_again(api, refused):
    urls = ["http://a:1"]
    retries = api(upstream={"urls": urls, "retries": {"budget": "5%", "try_timeout": "1s"}}).upstream.plan()["retries"]
    assert retries == {"attempts": 2, "budget": 5, "try_timeout": 1000}
    assert api(upstream={"urls": urls, "retries": "none"}).upstream.plan()["retries"] is None
    for wrong, expected in [
        ({"attempts": 0}, "at least 1"),
        ({"attempts": 11}, "at most 10"),
        ({"budget": "0%"}, "a whole percentage from 1% to 100%, such as 20%"),
        ({"budget": 20}, "a whole percentage from 1% to 100%, such as 20%"),
        ({"try_timeout": "30s"}, "a duration shorter than `timeout`"),
        (None, "`none`, or a mapping with keys of attempts, budget, try_timeout"),
        ({"on": ["503"]}, "one of attempts, budget, try_timeout"),
    ]:
        assert refused(upstream={"urls": urls, "retries": wrong}) == [expected]


def test_how_many_requests_may_be_under_way(api, refused):
    assert api(upstream={"urls": ["http://a:1"], "connections": 7}).upstream.plan()["connections"] == 7
    assert refused(upstream={"urls": ["http://a:1"], "connections": 0}) == ["at least 1"]


def test_there_is_at_least_one(refused):
    assert refused(upstream={"urls": []}) == ["at least 1 entry"]


def test_every_reason_is_a_fault(reasons):
    assert {each["kind"] for each in reasons("upstream").values()} == {"fault"}
    assert {each["status"] for each in reasons("upstream").values()} <= {400, 408, 413, 500, 501, 502, 503, 504}
