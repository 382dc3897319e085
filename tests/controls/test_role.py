"""role: one of some roles is asked for; a rule that asks for nothing is refused."""


def test_one_or_several(api):
    rules = [{"operations": ["a"], "role": "admin"}, {"operations": ["b"], "role": ["admin", "clerk"]}]
    assert [rule.role for rule in api(authorize=rules).authorize] == [["admin"], ["admin", "clerk"]]


def test_a_rule_asks_for_something(refused):
    assert refused(authorize=[{"operations": ["a"]}]) == ["`role` or `scope`"]
    assert refused(authorize=[{"operations": [], "role": "admin"}]) == ["at least 1 entry"]
    assert len(refused(authorize=[{"operations": ["a"], "role": []}])) == 1


def test_who_owns_an_object_is_refused_by_name(refused):
    [said] = refused(authorize=[{"operations": ["a"], "role": "admin", "owner": {"reply.owner": "subject"}}])
    assert said == "a plan without it: who owns an object is not checked until then"


def test_without_the_role_it_is_forbidden(reasons):
    assert {(each["status"], each["public"]) for each in reasons("role").values()} == {(403, "forbidden")}


def test_every_attack_is_refused_its_twin_passes_and_ablation_lets_it_through(holds):
    holds("role", "request")
