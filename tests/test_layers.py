"""The structure of the package: who may import whom, and how long a function may be.

The order is read from the picture in doc/architecture.rst, so that picture and rule are one.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "lmfit"
PICTURE = ROOT / "doc" / "architecture.rst"

#: Imported inside the function that needs them, never with the module.
OPTIONAL = {
    "IPython", "cloudpickle", "corner", "dask", "dill", "distributed", "emcee", "matplotlib", "numdifftools",
    "pandas", "tqdm", "uncertainties", "xarray", "zarr",
}  # fmt: skip

#: (module, what it imports from further down, inside a function) -> why.
EXCEPTIONS = {
    (
        "_namespace",
        "_sandbox",
    ): "a Namespace makes its interpreter only when asked for one: asteval is slow to load",
    ("model", "batch"): "Model.fit_many is a method of models and the work of another module",
}

#: Lines of a function's body, its docstring aside.
MAX_LINES = 40

#: "module:function" -> why it is longer than MAX_LINES.
LONG_FUNCTIONS: dict[str, str] = {}


def read_order(text):
    """Return the modules, from the top down, of lines that look like ``    3  _problem.py   what it is``."""
    return re.findall(r"^ {4}[\d ]  (\w+)(?:\.py|/) {2,}\S.*$", text, flags=re.MULTILINE)


ORDER = read_order(PICTURE.read_text(encoding="utf-8"))
FILES = sorted(PACKAGE.rglob("*.py"))


def module_of(path):
    """Return the module of the picture that a file belongs to: its name, or that of its folder."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def is_typing_only(node):
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def imports(tree, within_functions):
    """Yield every import statement that runs; those within functions only if asked for."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif is_typing_only(node):
            for other in node.orelse:
                yield from imports(ast.Module([other], []), within_functions)
        elif within_functions or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from imports(node, within_functions)


def absolute_names(node, package):
    """Return the dotted names that an import statement may load, with relative ones resolved in `package`."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = package[: len(package) - node.level + 1] if node.level else ()
    parts = [*base, *(node.module.split(".") if node.module else [])]
    return [".".join([*parts, alias.name]) for alias in node.names]


def imported_names(path, tree, within_functions):
    """Return the dotted names that a file imports."""
    package = ("lmfit", *path.relative_to(PACKAGE).parts[:-1])
    return [name for node in imports(tree, within_functions) for name in absolute_names(node, package)]


def own_imports(path, tree, within_functions=True):
    """Return the set of lmfit's modules, or names of its root, that a file imports."""
    names = imported_names(path, tree, within_functions)
    return {name.removeprefix("lmfit.").split(".")[0] for name in names if name.split(".")[0] == "lmfit"}


def violations(module, imported):
    """Return what `module` imports and may not: anything that does not stand above it.

    That includes what it takes from the package itself (``from lmfit import minimize``), which has to be
    imported from the module that defines it. The files of one folder may import each other.
    """
    excepted = {other for importer, other in EXCEPTIONS if importer == module}
    return imported - {module} - set(ORDER[: ORDER.index(module)]) - excepted


def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path):
    return str(path.relative_to(PACKAGE))


def test_picture_is_read():
    assert ORDER[0] == "errors"
    assert {"_bounds", "_engines", "minimizer", "model"} < set(ORDER)
    assert len(ORDER) == len(set(ORDER))


def test_every_module_is_in_the_picture():
    unknown = {module_of(path) for path in FILES} - {*ORDER, "__init__"}
    assert not unknown, f"add to the picture in doc/architecture.rst: {sorted(unknown)}"


@pytest.mark.parametrize("path", [path for path in FILES if module_of(path) in ORDER], ids=name_of)
def test_imports_only_from_above(path):
    wrong = violations(module_of(path), own_imports(path, parse(path)))
    assert not wrong, f"{name_of(path)} imports {sorted(wrong)}, which do not stand above it"


@pytest.mark.parametrize("module, other", EXCEPTIONS)
def test_exceptions_are_needed_and_within_functions(module, other):
    path = PACKAGE / f"{module}.py"
    assert other in own_imports(path, parse(path))
    assert other not in own_imports(path, parse(path), within_functions=False)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_optional_packages_are_imported_in_functions(path):
    loaded = {name.split(".")[0] for name in imported_names(path, parse(path), within_functions=False)}
    assert not loaded & OPTIONAL


def functions(tree, prefix=""):
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, node
        inner = prefix + node.name + "." if isinstance(node, ast.ClassDef | ast.FunctionDef) else prefix
        yield from functions(node, inner)


def body_lines(function):
    body = function.body[1:] if ast.get_docstring(function) and len(function.body) > 1 else function.body
    return body[-1].end_lineno - body[0].lineno + 1


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_functions_are_short(path):
    lengths = {f"{name_of(path)}:{name}": body_lines(node) for name, node in functions(parse(path))}
    long = {
        name: lines for name, lines in lengths.items() if lines > MAX_LINES and name not in LONG_FUNCTIONS
    }
    assert not long, f"longer than {MAX_LINES} lines: split, or give the reason in LONG_FUNCTIONS"


def test_list_of_long_functions_is_up_to_date():
    known = {f"{name_of(path)}:{name}" for path in FILES for name, _ in functions(parse(path))}
    assert LONG_FUNCTIONS.keys() <= known
    assert all(LONG_FUNCTIONS.values())


# The rules themselves: what they must catch, and what they must let pass.


@pytest.mark.parametrize(
    "path, text, expected",
    [
        ("parameter.py", "from ._bounds import x", {"_bounds"}),
        ("parameter.py", "from . import _bounds, minimizer", {"_bounds", "minimizer"}),
        ("parameter.py", "import lmfit.model", {"model"}),
        ("parameter.py", "from lmfit.model import Model", {"model"}),
        ("parameter.py", "import lmfit", {"lmfit"}),
        ("parameter.py", "def f():\n    from .model import Model", {"model"}),
        ("_engines/base.py", "from ..result import x\nfrom .base import y", {"result", "_engines"}),
        ("parameter.py", "if TYPE_CHECKING:\n    from .model import Model", set()),
        ("parameter.py", "import numpy as np", set()),
    ],
)
def test_imports_are_found(path, text, expected):
    assert own_imports(PACKAGE / path, ast.parse(text)) == expected


@pytest.mark.parametrize(
    "module, imported, wrong",
    [
        ("minimizer", {"_engines", "errors"}, set()),
        ("_covariance", {"_derivatives"}, set()),
        ("_derivatives", {"_covariance"}, {"_covariance"}),
        ("_engines", {"_engines", "_problem"}, set()),
        ("parameter", {"model", "_bounds"}, {"model"}),
        ("model", {"Parameters"}, {"Parameters"}),
    ],
)
def test_violations(module, imported, wrong):
    assert violations(module, imported) == wrong


def test_length_leaves_out_the_docstring():
    (node,) = ast.parse('def f():\n    """One.\n\n    Two.\n    """\n    x = 1\n    return x').body
    assert body_lines(node) == 2
