"""The reader of marked blocks."""

import pytest

from tests.readme.fenced import Block, blocks, commands

PAGE = """# Page

```sh
not marked
```

<!-- file: app.py -->
```python
x = 1
```

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
    assert blocks(PAGE) == [
        Block("file", "app.py", "x = 1\n", 7),
        Block("run", "", "$ yett check\n", 12),
        Block("serve", "127.0.0.1:8080", "yett serve\n", 17),
    ]


def test_a_mark_without_a_block_is_an_error():
    with pytest.raises(ValueError, match="without a fenced block"):
        blocks("<!-- run -->\n\ntext\n")


def test_prompts_are_no_part_of_a_command():
    assert commands("$ a\nb $ c\n") == "a\nb $ c\n"
