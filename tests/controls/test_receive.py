"""receive: a reply that must be read is held up to a limit, and withheld beyond."""


def test_the_limit(api, refused):
    assert api().receive.body == 2**20
    assert api(receive={"body": "64KiB"}).receive.body == 65_536
    assert refused(receive={"body": "unlimited"}) == ["a size from 1B to 1024GiB, such as 512B, 16KiB or 1MiB"]


def test_a_client_learns_only_that_there_is_no_answer(reasons):
    assert {(each["status"], each["public"]) for each in reasons("receive").values()} == {(502, "unavailable")}


def test_every_attack_is_refused_its_twin_passes_and_ablation_lets_it_through(holds):
    holds("receive", "reply")
