"""resolve: which requests an API answers for; scripts of other origins only where the plan lists the origin."""

import pytest


def test_a_plan_that_says_nothing(api):
    only = api()
    assert (only.match.host, only.match.base, only.unlisted, only.cors.plan()) == (["*"], None, None, None)


@pytest.mark.parametrize("host", ["API.example.com", "api.example.com:80", "http://a", "a..b", "*.*.a", ""])
def test_a_host_is_a_host(refused, host):
    [said] = refused(match={"host": host})
    assert said.startswith("`*`, a host such as api.example.com")


@pytest.mark.parametrize("base", ["v1", "/v1/../v2", "/a%2fb", "/a b", "/a/./b"])
def test_a_base_is_a_plain_path(refused, base):
    [said] = refused(match={"base": base})
    assert said.startswith("a path such as /v1")


def test_unlisted_is_refused_or_reported_never_let_through(refused):
    assert refused(unlisted="allow") == ["refuse or report"]


@pytest.mark.parametrize(
    "cors",
    [
        {"origins": ["*"], "credentials": True},
        {"origins": ["*", "https://a.example"]},
        {"origins": ["https://A.example"]},
        {"origins": ["https://a.example/path"]},
        {"origins": ["null"]},
    ],
)
def test_origins_are_exact(refused, cors):
    assert len(refused(cors=cors)) == 1


def test_the_cors_that_comes_of_it(api):
    cors = api(cors={"origins": ["https://a.example"], "headers": ["X-A"], "max_age": "1m"}).cors.plan()
    assert (cors["origins"], cors["headers"], cors["max_age"]) == (["https://a.example"], ["x-a"], 60)


def test_what_is_not_there_is_not_found(reasons):
    assert {each["status"] for each in reasons("resolve").values()} <= {400, 403, 404, 405, 421, 501}


def test_every_attack_is_refused_its_twin_passes_and_ablation_lets_it_through(holds):
    holds("resolve", "request")
