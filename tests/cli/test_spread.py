"""How a fetched description is written: one member a line, every number and name as it came."""

from yett.cli.fetch import spread


def test_a_fetched_description_has_one_member_a_line():
    text = '{"a":[1.50,1e400,{}, [] ],"b":{"\\u00e4":"\\ud800","b":-0.0,"b":12345678901234567890.10}}'
    assert spread(text.encode()).decode() == (
        '{\n  "a": [\n    1.50,\n    1e400,\n    {},\n    []\n  ],\n  "b": {\n    "ä": "\\ud800",\n    "b": -0.0,\n'
        '    "b": 12345678901234567890.10\n  }\n}\n'
    )
    assert spread(spread(text.encode())) == spread(text.encode())
    assert spread(b"openapi: 3.1.0\n") == b"openapi: 3.1.0\n"
