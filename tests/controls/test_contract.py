"""contract: enforced unless the plan says report, in each direction apart; undeclared fields never pass in silence."""


def test_a_plan_that_says_nothing_holds_both_directions(api):
    contract = api().contract
    assert (contract.requests, contract.replies) == (None, None), "the API's mode, which is enforce"
    assert (contract.undeclared_fields, contract.undeclared_errors) == ("drop", "replace")


def test_each_direction_may_report(api):
    contract = api(contract={"replies": "report"}).contract
    assert (contract.requests, contract.replies) == (None, "report")


def test_it_cannot_be_switched_off(refused):
    assert refused(contract={"requests": "off"}) == ["enforce or report"]
    assert refused(contract={"undeclared_fields": "pass"}) == ["drop or withhold"]


def test_a_request_that_breaks_it_is_the_clients_fault_and_a_reply_is_not(reasons):
    statuses = {name: reason["status"] for name, reason in reasons("contract").items()}
    assert all(status < 500 for name, status in statuses.items() if not name.startswith("contract.reply"))


def test_every_attack_is_refused_its_twin_passes_and_ablation_lets_it_through(holds):
    holds("contract", "request", "reply")
