"""References that are no plain names of components: anchors, places in paths, names that pointers escape."""

from tests.openapi.test_operations import api


def test_anchors(described, accepts):
    schema = {"$ref": "#text"}
    main = api({"requestBody": {"content": {"application/json": {"schema": schema}}}})
    main["components"] = {"schemas": {"T": {"$anchor": "text", "type": "string"}}}
    description = described(main)
    place = description.operations[0].body.content["application/json"]
    assert accepts(description, place, "x")
    assert not accepts(description, place, 1)


def test_references_between_places_that_are_no_components(described, accepts):
    inner = "#/paths/~1a/post/requestBody/content/application~1json/schema/properties/deep"
    schema = {"type": "object", "properties": {"deep": {"type": "integer"}, "same": {"$ref": inner}}}
    description = described(api({"requestBody": {"content": {"application/json": {"schema": schema}}}}))
    place = description.operations[0].body.content["application/json"]
    assert accepts(description, place, {"same": 1})
    assert not accepts(description, place, {"same": "x"})


def test_names_that_pointers_would_have_to_escape(described):
    schema = {"$ref": "#/components/schemas/A"}
    main = api(
        {"operationId": "a/b ~c%", "requestBody": {"content": {"application/json": {"schema": {"items": schema}}}}}
    )
    main["components"] = {"schemas": {"A": {"type": "object", "properties": {"a": {}}}}}
    description = described(main)
    assert sorted(description.schemas) == ["A", "a_b_c_.body"]
