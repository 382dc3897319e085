"""engine: what goes wrong in Yett itself ends in a refusal that tells a client nothing."""


def test_every_reason_is_a_fault_that_denies(reasons):
    for name, reason in reasons("engine").items():
        assert (reason["kind"], reason["public"]) == ("fault", "unavailable"), name
        assert reason["status"] in {500, 503}, name
