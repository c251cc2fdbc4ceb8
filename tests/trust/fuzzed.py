"""Random expressions and files, in a process of its own that is watched; to be run as a script.

``python fuzzed.py CASES SEED`` prints what happened as JSON: how many texts were accepted and refused, the
longest time of one, the growth of memory, and the accesses to files, modules, processes and sockets, of which
there must be none. The texts are made of the words of expressions, of those of attacks, and of nothing in
particular; the files are those of parameters, models and results with parts exchanged, doubled and left out.
"""

import contextlib
import json
import random
import re
import resource
import signal
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from test_expression_security import ESCAPES, EXHAUSTION

from lmfit import MinimizerException, Parameters, create_params
from lmfit.model import Model
from lmfit.models import ExpressionModel, GaussianModel, LinearModel

WORDS = re.split(
    " ",
    "a b c d q 0 1 2 -1 0.5 1e308 1e-308 1j inf nan pi True None 99999999 0xff 'x' \"y\" f'{a}' b'x' ... _ "
    "+ - * / // % ** @ & | ^ ~ << >> < <= == != >= > = := -> ( ) [ ] { } , ; : . # \\ \n \t ` ! ? $ ½ é "
    "\u2028 \x00 __ if else for in and or not is lambda yield await import from as def class return del try "
    "sin exp sqrt log max min sum abs int float str list dict tuple range len array zeros ones arange "
    "reshape open eval exec print getattr __import__ __class__ __builtins__ globals type object numpy os sys",
)
#: Events of Python's audit hooks that an expression or a file must never cause.
FORBIDDEN = (
    "open",
    "import",
    "os.",
    "subprocess",
    "socket",
    "shutil",
    "ctypes",
    "pickle",
    "marshal",
    "tempfile",
)


def text(rng):
    """A text that may be an expression."""
    kind = rng.randrange(4)
    if kind == 0:
        return "".join(rng.choice((" ", "")) + rng.choice(WORDS) for _ in range(rng.randint(1, 15)))
    if kind == 1:
        return "".join(
            chr(rng.choice((rng.randrange(128), rng.randrange(0x3000)))) for _ in range(rng.randint(1, 40))
        )
    if kind == 2:
        return mutated(rng.choice(ESCAPES + EXHAUSTION), rng)
    return nested(rng, 4)


def nested(rng, depth):
    """An expression that is mostly valid."""
    if depth == 0 or rng.random() < 0.2:
        return rng.choice(("a", "b", "c", "1", "2", "0.5", "1e200", "pi", "[1, 2]", "(a, b)", "zeros(3)"))
    one, two = nested(rng, depth - 1), nested(rng, depth - 1)
    forms = (
        f"({one} {rng.choice(('+', '-', '*', '/', '**', '//', '%', '<', '==', '<<', 'and', 'in'))} {two})",
        f"{rng.choice(('sin', 'exp', 'sqrt', 'int', 'sum', 'max', 'array', 'len', 'abs'))}({one})",
        f"({one} if {two} else a)",
        f"{one}[{two}]",
        f"[{one} for i in {two}]",
        f"(lambda x: {one})({two})",
    )
    return rng.choice(forms)


def mutated(source, rng):
    """A text with a few parts exchanged, doubled or left out."""
    for _ in range(rng.randint(1, 3)):
        first, last = sorted((rng.randrange(len(source) + 1), rng.randrange(len(source) + 1)))
        part = source[first : min(last, first + 20)]
        new = rng.choice(
            ("", part * 2, rng.choice(WORDS), chr(rng.randrange(32, 127)), str(rng.randrange(-9, 9999)))
        )
        source = source[:first] + new + source[first + len(part) :]
    return source


#: What may stand anywhere in a damaged file.
JUNK = (
    None, True, 0, -1, 3, 1e300, "", "a", "os.system", "lmfit.models.GaussianModel", "builtins.eval", [], [1],
    {}, {"a": 1}, {"__class__": "Callable", "value": "cm0="}, {"__class__": "Tuple", "value": [1]}, [[[]]],
)  # fmt: skip


def restructured(source, rng):
    """JSON with one entry somewhere exchanged for something else, left out or added."""
    data = json.loads(source)
    place = data
    while True:
        inner = [value for value in (place.values() if isinstance(place, dict) else place) if value]
        inner = [value for value in inner if isinstance(value, (dict, list))]
        if not inner or rng.random() < 0.3:
            break
        place = rng.choice(inner)
    keys = list(place) if isinstance(place, dict) else list(range(len(place)))
    if isinstance(place, dict) and rng.random() < 0.1:
        place[rng.choice(WORDS)] = rng.choice(JUNK)
    elif keys and rng.random() < 0.3:
        del place[rng.choice(keys)]
    elif keys:
        place[rng.choice(keys)] = rng.choice(JUNK)
    return json.dumps(data)


def try_expression(source):
    """Tie a parameter, read it, copy and store it; and a model of the same text."""
    params = create_params(a=1.5, b=-2, c={"value": 3, "min": 0})
    params.eval(source)
    params.add("d", expr=source)
    value = params["d"].value
    assert isinstance(value, float), source
    Parameters().loads(params.dumps())


def try_model(source):
    """A model whose function is the text, and another variable."""
    ExpressionModel(f"x + {source}", independent_vars=["x"]).eval(x=np.arange(3.0), a=1, b=1, c=2)


def files():
    """Texts that are written when things are saved."""
    x = np.linspace(-2, 2, 12)
    model = GaussianModel(prefix="g_") + LinearModel(prefix="l_")
    params = model.make_params(g_amplitude=1, g_center=0, g_sigma=1, l_slope=0, l_intercept=0)
    params.add("width", expr="2*g_sigma")
    result = model.fit(np.exp(-(x**2)) + 0.01 * np.cos(30 * x), params, x=x)
    return {
        params.dumps(): lambda source: Parameters().loads(source),
        model.dumps(): Model(np.polyval, independent_vars=["x"], param_names=["p"]).loads,
        result.dumps(): result.loads,
    }


class Watch:
    """Notes events of audit hooks, and the time of each case."""

    def __init__(self):
        self.active, self.events, self.slowest = False, set(), 0.0
        sys.addaudithook(self._hook)

    def _hook(self, event, args):
        # To show the line of a syntax error, Python's parser looks for a file of that name.
        if self.active and event.startswith(FORBIDDEN) and args[:1] != ("<expression>",):
            self.events.add(f"{event} {str(args[:1])[:80]}")

    @contextlib.contextmanager
    def case(self):
        began, self.active = time.perf_counter(), True
        signal.alarm(30)
        try:
            yield
        finally:
            signal.alarm(0)
            self.active = False
            self.slowest = max(self.slowest, time.perf_counter() - began)


def attempt(watch, work, source):
    """How one case ended; an error that is not the library's own ends the script."""
    with watch.case():
        try:
            work(source)
        except MinimizerException:
            return "refused"
        except BaseException as error:
            raise AssertionError(f"{type(error).__name__}: {error} for {source!r}") from error
    return "accepted"


def memory():
    """Largest memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(cases, seed):
    warnings.simplefilter("ignore")
    rng, watch, stored = random.Random(seed), Watch(), files()
    for source in ("sum([a for i in (1, 2)])", "zeros(3)[0] + a"):  # imports what is needed
        try_expression(source)
    for source, load in stored.items():
        load(source)
    before, ends = memory(), Counter()
    for number in range(cases):
        if number % 3 == 2:
            source, load = rng.choice(list(stored.items()))
            damage = rng.choice((mutated, restructured, restructured))
            ends[f"files {attempt(watch, load, damage(source, rng))}"] += 1
        else:
            work = try_model if number % 9 == 0 else try_expression
            ends[f"expressions {attempt(watch, work, text(rng))}"] += 1
    found = {"slowest": watch.slowest, "memory": memory() - before, "events": sorted(watch.events)}
    print(json.dumps({**ends, **found}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
