"""What holds the project together: links within it, and hooks, commands and workflow that do the same."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    *ROOT.glob("*.rst"),
    *ROOT.glob("*.md"),
    *(ROOT / "doc").glob("*.rst"),
    *(ROOT / "doc" / "api").glob("*.rst"),
]
#: Made when the documentation is built, or by the reader.
MADE = re.compile(r"(doc/|/)?(_build|_generated|auto_examples)|my_package")
HOOKS = ROOT / ".pre-commit-config.yaml"
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def text_of(path):
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_that_a_page_names_exist(path):
    text = text_of(path)
    named = re.findall(r"``((?:[\w.-]+/)+|(?:[\w.-]+/)*[\w-]+\.(?:rst|md|toml|cff|py|ipynb|txt))``", text)
    shown = re.findall(r"^ *\.\. (?:image|figure|include|literalinclude):: (\S+)", text, re.MULTILINE)
    absent = [name for name in (*named, *shown) if not MADE.match(name) and not is_there(name, path)]
    assert not absent


def is_there(name, page):
    """Whether a file of that name is in the project, seen from its root, its package, or the page."""
    folders = [ROOT, ROOT / "lmfit", ROOT / "examples", page.parent]
    return any((folder / name).exists() for folder in folders)


def commands_of(target):
    recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)[1]
    return re.findall(r"\$\(BIN\)/(\S+(?: [a-z]+)?)", recipe)


def test_hooks_run_what_make_lint_runs():
    entries = re.findall(r"entry: (\S+(?: [a-z]+)?)", text_of(HOOKS))
    assert entries == commands_of("lint")


def test_workflow_runs_commands_of_the_makefile():
    commands = set(re.findall(r"- run: make (\S+)", text_of(WORKFLOW)))
    targets = set(re.search(r"^\.PHONY: (.*)", MAKEFILE, re.MULTILINE)[1].split())
    assert {"lint", "test", "test-lowest", "examples", "doc"} <= commands <= targets


def test_workflow_tests_each_python_that_is_promised():
    promised = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', text_of(ROOT / "pyproject.toml"))
    assert re.findall(r'"(3\.\d+)"', re.search(r"python: \[(.*)\]", text_of(WORKFLOW))[1]) == promised
