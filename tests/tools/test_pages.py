"""Pages of controls: the catalogue's part is always current, a page's own words are kept."""

from tools import pages

CATALOGUE = """
control = "gate"
kind = "guard"
summary = "Closes the gate"

[[reason]]
id = "guard.gate.closed"
kind = "refusal"
public = "forbidden"
status = 403
severity = "high"
owasp = "API1:2023"
cwe = 1
asvs = "1.1.1"
level = "request"
text = "The gate is closed"
remedy = "Knock"
case = [{ name = "a push", effect = "the gate opens" }]
"""


def tree(tmp_path):
    (tmp_path / "src/yett/catalogue").mkdir(parents=True)
    (tmp_path / "src/yett/catalogue/gate.toml").write_text(CATALOGUE)
    return tmp_path / "docs/controls/gate.md"


def test_the_pages_of_this_tree_are_current(root, capsys):
    assert pages.main(["--check"], root) == 0, f"run `make pages`: {capsys.readouterr().out}"


def test_a_new_page_says_what_the_catalogue_says(tmp_path):
    path = tree(tmp_path)
    assert pages.main([], tmp_path) == 0
    text = path.read_text()
    assert text.startswith("# gate\n\nCloses the gate.\n")
    assert "### `guard.gate.closed`\n\nThe gate is closed. Knock.\n" in text
    assert "* a push: the gate opens" in text
    assert "| [gate](gate.md) | guard | Closes the gate | 1 |" in (path.parent / "README.md").read_text()


def test_own_words_are_kept(tmp_path):
    path = tree(tmp_path)
    pages.main([], tmp_path)
    path.write_text(path.read_text().replace("Closes the gate.", "My words."))
    assert pages.main(["--check"], tmp_path) == 0
    catalogue = tmp_path / "src/yett/catalogue/gate.toml"
    catalogue.write_text(CATALOGUE.replace("Knock", "Ring"))
    assert pages.main(["--check"], tmp_path) == 1
    pages.main([], tmp_path)
    assert "My words." in path.read_text()
    assert "Ring." in path.read_text()
