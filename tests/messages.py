"""The messages of lmfit, collected from its source without running it."""

import ast
import itertools
import re
from pathlib import Path

import lmfit

PACKAGE = Path(lmfit.__file__).parent
#: Stands for what a message is filled with.
BLANK = "…"


def messages():
    """Return each text that lmfit raises or warns with, `BLANK` standing for values, and where it is."""
    found = {}
    for path, node in _nodes():
        if _is_message(node):
            for text in texts(node.args[0]):
                if re.search(r"[a-z]{3}", text):
                    found.setdefault(text, f"{path.relative_to(PACKAGE)}:{node.lineno}")
    return found


def strings():
    """Return every text in lmfit's source, also those that messages are put together from."""
    kinds = (ast.Constant, ast.JoinedStr, ast.BinOp)
    return {text for _, node in _nodes() if isinstance(node, kinds) for text in texts(node)}


def _nodes():
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        raised = {id(node.exc) for node in ast.walk(tree) if isinstance(node, ast.Raise)}
        for node in ast.walk(tree):
            node.is_raised = id(node) in raised
            yield path, node


def _is_message(node):
    """Whether `node` makes an exception or gives a warning."""
    if not isinstance(node, ast.Call) or not node.args:
        return False
    name = ast.unparse(node.func)
    return node.is_raised or name == "warnings.warn" or bool(re.search(r"(Error|Exception|Refused)$", name))


def texts(node):
    """Return all texts that an expression can become, values being blank."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [*texts(node.body), *texts(node.orelse)]
    if isinstance(node, ast.JoinedStr):
        parts = [texts(part) for part in node.values]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [texts(node.left), texts(node.right)]
    else:
        return [BLANK]
    return [re.sub(f"{BLANK}+", BLANK, "".join(choice)) for choice in itertools.product(*parts)]
