"""Compare the compiled evaluation of expressions with that of the interpreter, on random texts.

Run ``python tests/fuzz_expressions.py [cases] [seed]`` (100000 cases take a few minutes).  Each case
is a random expression with random values of its parameters, extreme ones among them.  The two
ways must give the same float, bit for bit, or both an `ExpressionError` of the same class and
message; no other exception may appear.
"""

from __future__ import annotations

import random
import struct
import sys
import time
import warnings
from collections import Counter

from lmfit._expressions import Namespace, Program, parse
from lmfit.errors import ExpressionError

NAMES = ("a", "b", "c")
NUMBERS = (
    "0",
    "1",
    "2",
    "3",
    "7",
    "0.5",
    "-1",
    "1.0",
    "2.5",
    "1e-3",
    "1e10",
    "1e200",
    "1e308",
    "10",
    "64",
    "True",
    "1j",
)
CONSTANTS = ("pi", "e", "inf", "nan")
UNARY = ("-", "+", "not ", "~")
BINARY = ("+", "-", "*", "/", "**", "//", "%", "&", "|", "^", "<<", ">>")
COMPARE = ("==", "!=", "<", "<=", ">", ">=", "is", "is not", "in", "not in")
ONE = [
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "ceil",
    "cos",
    "cosh",
    "degrees",
    "exp",
    "fabs",
    "factorial",
    "floor",
    "isinf",
    "isnan",
    "log",
    "log10",
    "log1p",
    "radians",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "trunc",
    "arccos",
    "arcsin",
    "arctan",
    "cbrt",
    "exp2",
    "expm1",
    "log2",
    "sign",
    "square",
    "erf",
    "int",
    "float",
    "bool",
    "round",
    "isfinite",
    "double",
    "listed",
    "gamfcn",
    "text",
]
TWO = ("atan2", "copysign", "fmod", "hypot", "ldexp", "max", "min", "pow", "where2", "round", "log")
VALUES = (0.0, -0.0, 1.0, -1.0, 2.0, -2.5, 0.5, 3.0, 1e-300, 1e300, -1e300, 1e16, float("inf"), float("nan"))


def expression(rng: random.Random, depth: int) -> str:
    """Return a random expression; most are valid, some are not."""
    if depth == 0 or rng.random() < 0.1:
        return rng.choice(rng.choice((NAMES, NAMES, NAMES, NUMBERS, NUMBERS, CONSTANTS, ("scale", "whole"))))
    sub = [expression(rng, depth - 1) for _ in range(4)]
    form = rng.randrange(12)
    if form < 4:
        return f"({sub[0]} {rng.choice(BINARY)} {sub[1]})"
    if form == 4:
        return f"({rng.choice(UNARY)}{sub[0]})"
    if form == 5:
        return f"({sub[0]} {rng.choice(COMPARE)} {sub[1]})"
    if form == 6:
        return f"({sub[0]} {rng.choice(('and', 'or'))} {sub[1]})"
    if form == 7:
        return f"({sub[0]} if {sub[1]} else {sub[2]})"
    if form == 8:
        return f"{rng.choice(TWO)}({sub[0]}, {sub[1]})"
    if form == 9:
        return rng.choice(
            (
                f"({sub[0]}, {sub[1]})[{sub[2]}]",
                f"[{sub[0]}, {sub[1]}][{sub[2]} > 1]",
                f"sum([{sub[0]}, {sub[1]}])",
                f"max([{sub[0]}, {sub[1]}])",
                f"({sub[0]} < {sub[1]} <= {sub[2]})",
                f"({sub[0]} in [{sub[1]}, {sub[2]}])",
                f"[{sub[0]} for x in (1, 2)][0]",
            )
        )
    return f"{rng.choice(ONE)}({sub[0]})"


def double(x):
    """A function of the user that works for everything."""
    return 2 * x


def listed(x):
    """A function of the user that gives no number."""
    return [x, x]


def text(x):
    """A function of the user that gives a string."""
    return "text"


def where2(x, y):
    """A function of the user that fails for some values."""
    if x > y:
        raise ValueError("x must not be above y")
    return x


def namespace() -> Namespace:
    """Return the symbols that the expressions use."""
    return Namespace(
        {"double": double, "listed": listed, "text": text, "where2": where2, "scale": 2.5, "whole": 3}
    )


def outcome(evaluate, values):
    """Return the bits of the result, or the class and text of the library's error."""
    try:
        (result,) = evaluate(values)
    except ExpressionError as exc:
        return type(exc).__name__, str(exc)
    assert type(result) is float, result
    # All NaN are one value; their sign and payload have no meaning.
    return "nan" if result != result else struct.pack("d", result)


def check(rng: random.Random, symbols: Namespace) -> str:
    """Compare the two ways for one random expression and return what kind of case it was."""
    source = expression(rng, rng.randint(1, 4))
    try:
        program = Program({"t": parse(source, "t")}, [*NAMES, "t"], symbols, {})
    except ExpressionError:
        return "refused"
    for _ in range(2):
        values = [rng.choice(VALUES) if rng.random() < 0.6 else rng.uniform(-5, 5) for _ in program.inputs]
        fast, reference = outcome(program.evaluate, values), outcome(program._interpret, values)
        assert fast == reference, (
            f"{source!r} at {dict(zip(program.inputs, values))}: {fast} is not {reference}"
        )
    if program._plan.compiled.slow:
        return "interpreted"
    return "error" if isinstance(fast, tuple) else "value"


def run(cases: int, seed: int) -> Counter[str]:
    """Check that many random expressions and count their kinds."""
    rng, symbols = random.Random(seed), namespace()
    kinds: Counter[str] = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(cases):
            kinds[check(rng, symbols)] += 1
    return kinds


if __name__ == "__main__":
    cases, seed = (int(arg) for arg in (*sys.argv[1:], *("100000", "1")[len(sys.argv) - 1 :]))
    start = time.perf_counter()
    print(dict(run(cases, seed)), f"in {time.perf_counter() - start:.0f} s: no difference")
