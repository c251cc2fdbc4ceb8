"""Every code block of the README and of the documentation runs, and prints what the page says.

A page is one session: its blocks run in their order and share their names.

* ``.. code-block:: python`` is run. If it prints something, the next block must be a ``none`` or ``text`` one
  with that; numbers may differ in their last digits.
* ``>>>`` examples are doctests.
* ``.. testsetup::`` is run too, but not shown by Sphinx.
"""

import ast
import doctest
import importlib.util
import io
import re
import textwrap
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from lmfit import models
from lmfit._engines import base
from lmfit.model import Model

ROOT = Path(__file__).resolve().parents[1]
DOC = ROOT / "doc"

#: Pages whose blocks are commands and sketches, or are run by another test (extending: test_extending.py).
NOT_RUN = {"architecture.rst", "extending.rst"}
PAGES = [ROOT / "README.rst", *sorted(path for path in DOC.glob("*.rst") if path.name not in NOT_RUN)]

_BLOCK = re.compile(
    r"^(?P<indent> *)(?:\.\. (?:code-block:: (?P<language>\w+)|(?P<setup>testsetup::).*)\n"
    r"(?P<options>(?:(?P=indent) +:.*\n)*)\n(?P<body>(?:(?P=indent) +.*\n|[ ]*\n)+)"
    r"|(?P<session>>>> .*\n(?:(?P=indent)\S.*\n|(?P=indent) +.*\n)*))",
    re.MULTILINE,
)
#: How far numbers may differ from those of the page, as a fraction: limits have three digits.
TOLERANCE = 2e-3


@dataclass(frozen=True)
class Block:
    """A block of a page: ``kind`` is 'python', 'session' or the name of another language."""

    kind: str
    text: str
    line: int


def blocks(text):
    """Return the blocks of a page in their order."""
    found = []
    for match in _BLOCK.finditer(text):
        kind = "session" if match["session"] else "python" if match["setup"] else match["language"]
        body = match["indent"] + match["session"] if match["session"] else match["body"]
        start = match.start("session" if match["session"] else "body")
        found.append(Block(kind, textwrap.dedent(body), text.count("\n", 0, start) + 1))
    return found


def numbers(text):
    """Return the numbers in a text, and the text without them."""
    pattern = r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]\d+)?\b"
    return [float(number) for number in re.findall(pattern, text)], re.sub(pattern, "", text).split()


def assert_printed(printed, expected, where):
    # How many evaluations a fit takes may change with any release.
    printed, expected = (re.sub(".*function evals.*", "", text) for text in (printed, expected))
    found, words = numbers(printed)
    wanted, wanted_words = numbers(expected)
    assert words == wanted_words, f"{where} prints\n{printed}"
    assert found == pytest.approx(wanted, rel=TOLERANCE, abs=1e-12), f"{where} prints\n{printed}"


def run_session(block, names, page):
    test = doctest.DocTestParser().get_doctest(block.text, {}, page, page, block.line - 1)
    test.globs = names
    report = io.StringIO()
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    runner.run(test, out=report.write, clear_globs=False)
    assert not runner.failures, report.getvalue()


def run_python(block, names, page):
    """Run a block and return what it prints."""
    code = compile("\n" * (block.line - 1) + block.text, page, "exec")
    with redirect_stdout(io.StringIO()) as printed:
        exec(code, names)
    return printed.getvalue()


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Run in an empty folder; what a page registers or draws vanishes with it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(base, "_REGISTRY", dict(base._REGISTRY))
    yield
    plt = __import__("sys").modules.get("matplotlib.pyplot")
    if plt is not None:
        plt.close("all")


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_code_of_the_page(path):
    names = {"__name__": "page"}
    waiting = None
    for block in blocks(path.read_text(encoding="utf-8")):
        where = f"{path.name}, line {block.line}: the block"
        if waiting is not None:
            assert block.kind in ("none", "text"), f"{where} should be what the one before prints:\n{waiting}"
            assert_printed(waiting, block.text, where)
            waiting = None
        elif block.kind == "session":
            run_session(block, names, path.name)
        elif block.kind == "python":
            waiting = run_python(block, names, path.name) or None
    assert waiting is None, f"{path.name}: what the last block prints is missing:\n{waiting}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_python_in_plain_literal_blocks(path):
    # Otherwise it would not be run.
    text = path.read_text(encoding="utf-8")
    literal = re.findall(r"^(?!\.\. ).*::\n\n((?: +.*\n|\n)+)", text, flags=re.MULTILINE)
    for block in literal:
        assert not is_python(textwrap.dedent(block)), f"{path.name}: declare as code-block:: python\n{block}"


def is_python(text):
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return False
    return any(isinstance(node, (ast.Assign, ast.Call, ast.FunctionDef)) for node in ast.walk(tree))


class TestMachinery:
    """The functions above, on pages made for the purpose."""

    PAGE = textwrap.dedent(
        """\
        Title
        =====

        .. testsetup::

           a = 1

        Text::

            not run

        .. code-block:: python
           :caption: two lines

           a += 1
           print(f"a is {a:.3f}")

        It prints

        .. code-block:: none

           a is 2.0001

        >>> def f():
        ...     return 3
        >>> f()
        3

        End.
        """
    )

    def test_blocks(self):
        found = blocks(self.PAGE)
        assert [block.kind for block in found] == ["python", "python", "none", "session"]
        assert found[0].text.strip() == "a = 1"
        assert self.PAGE.splitlines()[found[3].line - 1] == ">>> def f():"

    def test_wrong_results_are_noticed(self, tmp_path):
        for right, wrong in (("a is 2.0001", "a is 2.1"), ("\n3\n", "\n4\n"), ("a is 2", "b is 2")):
            page = tmp_path / "page.rst"
            page.write_text(self.PAGE.replace(right, wrong, 1))
            with pytest.raises(AssertionError):
                test_code_of_the_page(page)

    def test_right_results_pass(self, tmp_path):
        page = tmp_path / "page.rst"
        page.write_text(self.PAGE)
        test_code_of_the_page(page)

    def test_python_is_told_from_text(self):
        assert is_python("minimize(residual, params)")
        assert not is_python("make test  # all of them")


def test_each_built_in_model_has_a_picture_and_a_table():
    spec = importlib.util.spec_from_file_location("model_pages", DOC / "model_pages.py")
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    classes = {getattr(models, name) for name in models.__all__ if isinstance(getattr(models, name), type)}
    shown = {getattr(models, name) for group in pages.GROUPS.values() for name in group}
    assert shown == {cls for cls in classes if issubclass(cls, Model)} - {models.BuiltInModel}


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.name)
def test_each_example_has_a_title_for_the_gallery(path):
    if path.name != "nist.py":  # a loader of data, no page
        title, line = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))).split("\n")[:2]
        assert line == "=" * len(title)
