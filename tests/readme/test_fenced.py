"""The reader of marked blocks."""

import pytest

from tests.readme.fenced import Block, blocks, commands

PAGE = """# Page

```sh
# not marked, and no heading
```

<!-- file: app.py -->
```python
x = 1
```

## Own API
<!-- given: 127.0.0.1:9000 -->
text

<!-- run -->

```sh
$ yett check
```
<!-- serve: 127.0.0.1:8080 -->
```sh
yett serve
```
"""


def test_marked_blocks_in_order():
    assert list(blocks(PAGE)) == [
        Block("file", "app.py", "x = 1\n", 7, "Page"),
        Block("given", "127.0.0.1:9000", "", 13, "Own API"),
        Block("run", "", "$ yett check\n", 16, "Own API"),
        Block("serve", "127.0.0.1:8080", "yett serve\n", 21, "Own API"),
    ]


@pytest.mark.parametrize("page", ["<!-- run -->\n\ntext\n", "<!-- run -->\n<!-- run -->\n```sh\na\n```\n"])
def test_a_mark_without_a_block_is_an_error(page):
    with pytest.raises(ValueError, match="line 1: a mark without"):
        list(blocks(page))


def test_prompts_are_no_part_of_a_command():
    assert commands("$ a\nb $ c\n") == "a\nb $ c\n"
