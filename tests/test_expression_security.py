"""Expressions compute and do nothing else: escapes, exhaustion of time or memory, files.

The texts come from the published ways out of asteval and of similar sandboxes:
CVE-2025-24359 (formatted strings reach attributes), GHSA-vp47-9734-prjw and
CVE-2026-55244 (attributes of exceptions and of NumPy's objects), and from the classic
walks over classes, frames and globals of functions.
"""

import json
import pathlib
import subprocess
import sys
import time

import pytest

from lmfit._expressions import Namespace, Program, evaluate_text, parse
from lmfit._functions import MATHEMATICS
from lmfit.errors import ExpressionError

ESCAPES = [
    # Attributes, in all their disguises.
    "a.real",
    "().__class__",
    "().__class__.__mro__[1].__subclasses__()",
    "(1).__class__.__base__.__subclasses__()[0]",
    "''.__class__.__mro__[-1].__subclasses__()",
    "[].__class__.__base__",
    "sqrt.__globals__",
    "sqrt.__globals__['__builtins__']['open']('/etc/passwd')",
    "user.__globals__",
    "user.__code__.co_consts",
    "user.__closure__",
    "max.__self__",
    "max.__self__.__import__('os').system('true')",
    "sum.__module__",
    "array([1]).ctypes",
    "array([1]).tofile('/tmp/lmfit-escape')",
    "array([1]).dump('/tmp/lmfit-escape')",
    "array([1]).dtype.type.mro()",
    "array([1]).__array_interface__",
    "zeros(3).base",
    "table.append(1)",
    "(lambda: 0).__globals__",
    "(lambda x: x).__asteval__.symtable",
    "(lambda: 0).__call__.__func__.__globals__",
    "(x for x in (1,)).gi_frame.f_back.f_globals",
    "[x for x in (1,)].__class__",
    "dict.mro()",
    "ValueError.__traceback__",
    "ValueError('x').with_traceback",
    "ValueError('x').__class__.__base__",
    "Exception().__reduce__()",
    # Formatted strings and formatting (CVE-2025-24359).
    "f'{a}'",
    "f'{a.__class__}'",
    "f'{dict.mro()[1]:\\x7B__fstring__.__getattribute__.s\\x7D}'",
    "f\"{dict.mro()[1]:'\\x7B__fstring__.__getattribute__.s\\x7D'}\"",
    "'{0.__class__}'.format(a)",
    "'{x.__class__}'.format_map({'x': a})",
    "format(a, '{0.__class__}')",
    "str.format('{0.__class__}', a)",
    "'%s' % a",
    "'%*d' % (10**9, 1)",
    "'%999999999d' % 1",
    "'%(x)s' % {'x': a}",
    # Functions that reach out, by name.
    "__import__('os')",
    "__builtins__",
    "__builtins__['open']",
    "__name__",
    "__debug__",
    "__asteval__",
    "open('/etc/passwd')",
    "eval('1')",
    "exec('1')",
    "compile('1', '', 'eval')",
    "getattr(a, 'real')",
    "setattr(a, 'real', 1)",
    "delattr(a, 'real')",
    "hasattr(a, 'real')",
    "type(a)",
    "type('X', (), {})",
    "dir(a)",
    "vars()",
    "globals()",
    "locals()",
    "id(a)",
    "input()",
    "print(a)",
    "print(a, file=user)",
    "help()",
    "breakpoint()",
    "exit()",
    "object()",
    "super()",
    "memoryview(b'x')",
    "loadtxt('/etc/passwd')",
    "genfromtxt('/etc/passwd')",
    "fromfile('/etc/passwd')",
    "fromregex('/etc/passwd', '.', 'S1')",
    "fromstring('1 2', sep=' ')",
    "frombuffer(b'12345678')",
    "save('/tmp/lmfit-escape', a)",
    "savetxt('/tmp/lmfit-escape', [a])",
    "memmap('/etc/passwd')",
    "load('/etc/passwd')",
    "DataSource()",
    "numpy",
    "np.ctypeslib",
    "ctypeslib",
    "math.sin(1)",
    "os.system('true')",
    "sys",
    "vectorize(user)",
    "frompyfunc(user, 1, 1)",
    "piecewise(a, [1], [user])",
    "fromfunction(user, (1,))",
    "apply_along_axis(user, 0, [a])",
    "info('sin')",
    "seterr(all='raise')",
    "chr(65)",
    "bytes(10)",
    "bytearray(10)",
    "repr(user)",
    "str(user)",
    # Functions that would call methods of objects, or write into their arguments.
    "sqrt(array([user]))",
    "sqrt([user])",
    "sum([user, user])",
    "mean(table, out=table)",
    "sin(a, out=table)",
    "sqrt(a, dtype='O')",
    "array([1, 2], dtype='O')",
    "array([user])",
    "zeros(3, dtype='O')",
    "sum(table, initial=user)",
    "where(a, user, user)",
    # Syntax that is no arithmetic.
    "(x := 5)",
    "lambda: (yield)",
    "await a",
    "user(__class__=1)",
    "(lambda __class__: 1)(1)",
    "b'bytes'",
    "...",
    "import os",
    "a; a",
    "a = 5",
    "del a",
    "raise ValueError",
]

EXHAUSTION = [
    "9**9**9**9",
    "9**9**9**9*a",
    "a*9**9**9",
    "(10**400)**400*a",
    "int(a)**10**10",
    "pow(7, 10**9, 13)",
    "pow(9, 9, 9)",
    "2**(2**40)",
    "1 << 10**10",
    "1 << 2**40",
    "int(a) << 10**9",
    "'x' * 10**10",
    "10**10 * 'x'",
    "('x' * 10**5 + 'x' * 10**5) * 10**5",
    "[0] * 10**10",
    "10**10 * (0,)",
    "[[[0] * 1000] * 1000] * 1000",
    "sum([[[0] * 1000] * 1000] * 1000)",
    "[[0] * 10**5 for x in range(10**5)]",
    "[" + ",".join(["[0] * 10**5"] * 1500) + "]",
    "max(" + ",".join(["[0] * 10**5"] * 1500) + ")",
    "sum(range(10**9))",
    "list(range(10**10))",
    "range(10**30)",
    "max(range(10**9))",
    "sorted(range(10**8))",
    "set(range(10**8))",
    "zip(*[range(10**5)]*1000)",
    "array([range(10**5)]*1000)",
    "factorial(10**6)",
    "factorial(1e15)",
    "factorial(inf)",
    "[factorial(1000) for x in range(10**5) for y in range(10**5)][0]",
    "round(5, -10**9)",
    "int('9' * 10**5)",
    "zeros(10**10)",
    "ones((10**5, 10**5))",
    "linspace(0, 1, 10**10)",
    "arange(10**10)",
    "arange(0, 1, 1e-12)",
    "arange(10**30)",
    "dot(ones((300, 300)), ones((300, 300)))",
    "ones((300, 300)) @ ones((300, 300))",
    "sum(ones(10**5)[:, None] * ones(10**5))",
    "sum(hypot(ones(10**5)[:, None], ones(10**5)))",
    "sum(where(ones(10**5)[:, None], ones(10**5), 1))",
    "sum(ones((300, 300))[[0] * 10**5])",
    "[x for x in range(10**5) for y in range(10**5)][0]",
    "[[y for y in range(1000)] for x in range(10**5)][0][0]",
    "sum([sum(range(10**5)) for x in range(10**5)])",
    "[sum(ones(10**5)) for x in range(10**5)][0]",
    "{x: y for x in range(10**5) for y in range(10**5)}[0]",
    "(lambda f: f(f))(lambda f: f(f))",
    "(lambda f: f(f, 60))(lambda f, n: f(f, n - 1) + f(f, n - 1) if n else 1)",
    "(" * 5000 + "1" + ")" * 5000,
    "-" * 15000 + "1",
    "not " * 4000 + "1",
    "[" * 3000 + "]" * 3000,
    "1" + "+1" * 9000 + "+b'x'",
    "1" + "**1" * 6000 + "+b'x'",
    "a" * 30000,
    "1 if a else " * 1500 + "1j",
    "abs(" * 3000 + "a" + ")" * 3000,
    "9" * 15000,
]

DAG = "x = [0, 0]\nfor i in range(60):\n  x = [x, x]\ny = [0, 0]\nfor i in range(60):\n  y = [y, y]\nx == y"

SCRIPTS = [
    "import os",
    "from os import system",
    "import numpy.ctypeslib",
    "class X: pass",
    "with user as f: pass",
    "global a",
    "async def f(): pass",
    "def f():\n  yield 1",
    "@user\ndef f(): pass",
    "a.b = 1",
    "user.__code__ = 1",
    "table.x = 1",
    "del table.x",
    "for table.x in (1,): pass",
    # GHSA-vp47-9734-prjw and kin: what an exception knows about where it comes from.
    "try:\n  nothing.obj\nexcept AttributeError as exc:\n  exc.obj",
    "try:\n  1/0\nexcept ZeroDivisionError as exc:\n  exc.__traceback__.tb_frame.f_globals",
    "try:\n  1/0\nexcept ZeroDivisionError as exc:\n  exc.args",
    "try:\n  nothing\nexcept AttributeError as exc:\n  pass",
    "def f(x=open('/etc/passwd')): pass",
    "def __init__(x): pass",
    "__class__ = 1",
    "x = f'{1}'",
    "print('x')",
    "raise SystemExit",
    "raise KeyboardInterrupt",
    "raise 5",
    "match a:\n  case 1: pass",
    "try:\n  1\nexcept* ValueError:\n  2",
    "while True: pass",
    "while True:\n  try:\n    while True: pass\n  except Exception: pass",
    "def f(): return f()\nf()",
    "def f():\n  try:\n    return f()\n  except Exception:\n    return f()\nf()",
    "x = 'ab'\nwhile True: x = x + x",
    "x = [1]\nwhile True: x = x + x",
    "x = [1]\nwhile True: x[0:0] = x",
    "x = 3\nwhile True: x = x*x",
    "x = 3\nwhile True: x = x + x",
    "x = []\nfor i in range(10**5): x = [x]\nx == [x]",
    "x = {}\nfor i in range(10**5):\n  for j in range(10**5): x[(i, j)] = 1",
    "x = 1.0\nfor i in range(10**9): x = -x",
    DAG,
    "x = [0, 0]\nx[0] = x\nx[1] = x\ny = [0, 0]\ny[0] = y\ny[1] = y\nx == y",
    "x = []\nwhile True: x = [x, x, sqrt(2)]",
]


class User:
    """An object of the user, with attributes that expressions must not reach."""

    secret = "secret"

    def __call__(self, x=0.0):
        return float(x)


def symbols():
    return Namespace({"user": User(), "table": [1.0, 2.0]})


def compiled(text):
    """Evaluate a text as a tie."""
    program = Program({"tie": parse(text, "tie")}, ["a", "tie"], symbols(), {})
    return program.evaluate([2.0][: len(program.inputs)])


def interpreted(text):
    """Evaluate a text as a tie, in the interpreter."""
    program = Program({"tie": parse(text, "tie")}, ["a", "tie"], symbols(), {})
    return program._interpret([2.0][: len(program.inputs)])


def run(text):
    """Evaluate a text as statements."""
    return symbols().interpreter(text)


@pytest.fixture(autouse=True)
def _bounded():
    """Every refusal comes soon: it takes little time of this process, however busy the machine is."""
    start = time.process_time()
    yield
    assert time.process_time() - start < 60


@pytest.mark.parametrize("text", ESCAPES)
def test_escapes_are_refused(text):
    for evaluate in (compiled, interpreted):
        with pytest.raises(ExpressionError):
            evaluate(text)


@pytest.mark.parametrize("text", EXHAUSTION, ids=lambda text: text[:40])
def test_exhaustion_is_refused(text):
    with pytest.raises(ExpressionError):
        compiled(text)


MANY = "*".join(["int(1e300*a)"] * 25)


@pytest.mark.parametrize(
    "text",
    [
        *("9**9**9**9", "int(a)**10**10", "1 << 10**10", "int(a) << 10**9", f"({MANY})/({MANY})"),
        *("'x' * 10**10", "[0] * 10**10", "10**10 * (0,)", "sum(range(10**9))", "zeros(10**10)"),
        *("sum(ones(10**5)[:, None] * ones(10**5))", "sum(ones((300, 300))[[0] * 10**5])"),
    ],
    ids=lambda text: text[:40],
)
def test_the_size_is_refused_before_the_result_is_made(text):
    for evaluate in (compiled, interpreted):
        with pytest.raises(ExpressionError, match=r"result would (be an integer of|have) more than \d+"):
            evaluate(text)


@pytest.mark.parametrize("text", SCRIPTS, ids=lambda text: text[:40].replace("\n", ";"))
def test_statements_are_as_safe(text):
    namespace = symbols()
    with pytest.raises(ExpressionError):
        namespace.interpreter(text)
    assert namespace.interpreter("1 + 1") == 2


def test_a_lambda_is_no_way_to_hold_more_than_the_limit():
    double = "(lambda x: [x, x])"
    text = double
    for _ in range(40):
        text = f"{double}({text})" if text is not double else f"{double}(1)"
    with pytest.raises(ExpressionError, match=r"more than \d+ (elements|steps)"):
        evaluate_text(f"{text} == {text}", {}, Namespace())


def test_the_table_of_mathematics_holds_nothing_else():
    modules = {"lmfit._functions", "builtins", "numpy", "math", None}
    for name, entry in MATHEMATICS.items():
        assert not name.startswith("_")
        assert getattr(entry, "__module__", None) in modules, name
        assert not isinstance(entry, type(sys)), name
    assert not {"open", "eval", "exec", "compile", "type", "object", "input", "print"} & MATHEMATICS.keys()
    assert not {"getattr", "setattr", "vars", "dir", "str", "repr", "format", "bytes"} & MATHEMATICS.keys()
    assert (
        not {"loadtxt", "fromfile", "save", "frompyfunc", "vectorize", "dtype", "ndarray"}
        & MATHEMATICS.keys()
    )


def test_nodes_that_a_later_asteval_may_add_stay_unknown():
    handlers = Namespace().interpreter.node_handlers
    assert not {"attribute", "joinedstr", "formattedvalue", "import", "importfrom", "with"} & handlers.keys()


def test_compiled_code_has_no_builtins():
    program = Program({"b": parse("sqrt(a)", "b")}, ["a", "b"], Namespace(), {})
    program.evaluate([4.0])
    assert program._evaluate.__globals__["__builtins__"] == {}


WATCHED = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))
sys.path.insert(0, sys.argv[1])
import test_expression_security as module
from lmfit.errors import ExpressionError

Namespace = module.Namespace
Namespace().interpreter("sum(sqrt([1, 2]))*erfcx(1.0)*dot([1], [1])")  # import everything before
events = []
watching = False

def watch(event, args):
    # To show the line of a syntax error, Python's parser looks for a file of that name.
    if event == "open" and args[0] == "<expression>":
        return
    if watching and not event.startswith(USED):
        events.append((event, str(args[:1])))

# What compiling an expression does.
USED = ("compile", "object.__", "sys._getframe", "code.__new__", "exec", "function")
sys.addaudithook(watch)
wrong = []
for text in module.ESCAPES + module.EXHAUSTION + module.SCRIPTS:
    for evaluate in (module.compiled, module.run):
        watching = True
        try:
            evaluate(text)
        except ExpressionError:
            pass
        except BaseException as exc:
            wrong.append((text[:60], repr(exc)))
        watching = False
print(json.dumps({"events": sorted(map(str, set(events))), "wrong": wrong}))
"""


def test_nothing_is_touched_and_memory_is_bounded():
    pytest.importorskip("resource")
    folder = str(pathlib.Path(__file__).parent)
    command = [sys.executable, "-c", WATCHED, folder]
    out = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert out.returncode == 0, out.stderr[-2000:]
    assert out.stderr == ""
    assert json.loads(out.stdout) == {"events": [], "wrong": []}
