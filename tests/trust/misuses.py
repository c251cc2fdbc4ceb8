"""A catalogue of misuses: what is done, which error it gives, and what the message says.

Each entry is ``(what, call, error, words)``: the call gets a `World`, and the message must hold all the
words, which are the parameter or the argument to blame, the rule or the value received, and the remedy where
there is a choice.
"""

import numpy as np
from model_misuses import GROUPS

from lmfit import Minimizer, Parameter, Parameters, create_params, minimize
from lmfit.errors import (
    ExpressionDomainError,
    ExpressionError,
    MinimizerException,
    NonFiniteError,
    ParameterError,
    ParameterNameError,
)


def added(expr):
    """Add a parameter 'd' with this expression, to a copy, and read it."""

    def call(world):
        params = world.params.copy()
        params.add("d", expr=expr)
        return params["d"].value

    return call


def assigned(attribute, value):
    return lambda world: setattr(world.params["a"], attribute, value)


def settings(**given):
    return lambda world: world.fit(**given)


def returned(value, **given):
    return lambda world: world.fit_returning(value, **given)


def derivatives(value, **given):
    return lambda world: world.fit(Dfun=lambda params, x, y: value, **given)


def starting(**given):
    """A fit with one more parameter."""

    def call(world):
        params = world.params.copy()
        params.add("d", **given)
        return minimize(world.residual, params, kws=world.keywords)

    return call


def circle(world):
    params = world.params.copy()
    params["a"].expr = "c"
    return params["a"].value


def growing():
    size = [3]

    def residual(params):
        size[0] += 1
        return np.ones(size[0]) * params["a"].value

    return residual


IDENTIFIER = "must be a valid Python identifier"
REAL = "must be a real number"
NUMBERS = "which is no array of numbers"

NAMES = [
    ("a digit first", lambda w: Parameter("1a"), ParameterNameError, ["'1a'", IDENTIFIER, "choose another"]),
    ("a blank", lambda w: Parameter("a b"), ParameterNameError, ["'a b'", IDENTIFIER]),
    ("a keyword", lambda w: Parameter("lambda"), ParameterNameError, ["'lambda'", "no reserved word"]),
    ("empty", lambda w: Parameter(""), ParameterNameError, ["''", IDENTIFIER]),
    ("minus", lambda w: w.params.add("a-b", 1), ParameterNameError, ["'a-b'", IDENTIFIER]),
    ("a number", lambda w: w.params.add(3, 1), ParameterNameError, ["3", IDENTIFIER]),
    ("None", lambda w: w.params.add(None, 1), ParameterNameError, ["None", IDENTIFIER]),
    ("'None'", lambda w: w.params.add("None", 1), ParameterNameError, ["'None'", "no reserved word"]),
    ("bytes", lambda w: w.params.add(b"a", 1), ParameterNameError, ["b'a'", IDENTIFIER]),
    ("a line end", lambda w: w.params.add("a\n", 1), ParameterNameError, ["'a\\n'", IDENTIFIER]),
    ("__debug__", lambda w: Parameter("__debug__"), ParameterNameError, ["__debug__", "no reserved word"]),
    ("a ligature", lambda w: Parameter("\ufb01t"), ParameterNameError, ["'fit'", "write it so"]),
    ("a dot", lambda w: create_params(**{"a.b": 1}), ParameterNameError, ["'a.b'", IDENTIFIER]),
    ("no end", lambda w: w.params.add("a" * 99999 + "!", 1), ParameterNameError, ["aaa", IDENTIFIER]),
    ("a key", lambda w: w.params.update({"x y": Parameter(1)}), ParameterNameError, ["'x y'", IDENTIFIER]),
    (
        "a tuple",
        lambda w: w.params.update({("a",): Parameter(1)}),
        ParameterNameError,
        ["('a',)", IDENTIFIER],
    ),
    ("renamed", assigned("name", "z"), ParameterNameError, ["'a'", "params['z'] = params.pop('a')"]),
    ("misspelt", lambda w: w.params["aa"], ParameterNameError, ["'aa'", "did you mean 'a'?"]),
    ("unknown", lambda w: w.params["q"], ParameterNameError, ["'q'", "there are 'a', 'b', 'c'"]),
    ("an index", lambda w: w.params[0], ParameterNameError, ["0", "there are 'a', 'b', 'c'"]),
    ("of none", lambda w: Parameters()["q"], ParameterNameError, ["'q'", "there are none"]),
    ("pop", lambda w: w.params.pop("q"), ParameterNameError, ["'q'", "there are 'a', 'b', 'c'"]),
    ("del", lambda w: w.params.__delitem__("q"), ParameterNameError, ["'q'", "there are"]),
    ("popitem of none", lambda w: Parameters().popitem(), ParameterNameError, ["no parameters left"]),
]

VALUES = [
    ("text", lambda w: Parameter("a", "1"), ParameterError, ["'a'", REAL, "'1' of type str", "float()"]),
    ("NaN", lambda w: Parameter("a", np.nan), ParameterError, ["'a'", REAL, "NaN"]),
    ("complex", lambda w: Parameter("a", 1j), ParameterError, ["'a'", REAL, "1j of type complex"]),
    ("a list", lambda w: Parameter("a", [1, 2]), ParameterError, ["'a'", REAL, "[1, 2]", "single number"]),
    ("an array", lambda w: Parameter("a", np.ones(2)), ParameterError, ["'a'", REAL, "ndarray", "single"]),
    ("an array of text", lambda w: Parameter("a", np.array("s")), ParameterError, ["'a'", REAL, "ndarray"]),
    ("an object", lambda w: Parameter("a", object()), ParameterError, ["'a'", REAL, "object"]),
    ("set text", assigned("value", "2"), ParameterError, ["'a'", REAL, "'2' of type str"]),
    ("set bytes", assigned("value", b"2"), ParameterError, ["'a'", REAL, "b'2' of type bytes"]),
    ("set NaN", assigned("value", np.nan), ParameterError, ["'a'", REAL, "NaN"]),
    ("set NaN of NumPy", assigned("value", np.float32("nan")), ParameterError, ["'a'", REAL, "NaN"]),
    ("set complex", assigned("value", np.complex128(1)), ParameterError, ["'a'", REAL, "complex128"]),
    ("set a complex array", assigned("value", np.array([1j])), ParameterError, ["'a'", REAL, "1.j"]),
    ("set an array of None", assigned("value", np.array([None])), ParameterError, ["'a'", REAL, "None"]),
    ("set nothing", assigned("value", []), ParameterError, ["'a'", REAL, "[] of type list"]),
    ("set a dictionary", assigned("value", {}), ParameterError, ["'a'", REAL, "{} of type dict"]),
    ("set a date", assigned("value", np.datetime64("2020-01-01")), ParameterError, ["'a'", REAL, "2020"]),
    (
        "set a duration",
        assigned("value", np.timedelta64(3, "s")),
        ParameterError,
        ["'a'", REAL, "timedelta64"],
    ),
    ("set a huge integer", assigned("value", 10**400), ParameterError, ["'a'", REAL, "of type int"]),
    ("set a masked value", assigned("value", np.ma.masked), ParameterError, ["'a'", REAL, "masked"]),
    ("set a function", assigned("value", abs), ParameterError, ["'a'", REAL, "abs"]),
    ("set two dimensions", assigned("value", np.ones((1, 2))), ParameterError, ["'a'", REAL, "ndarray"]),
    ("an iterator", lambda w: w.params.add("d", iter([1])), ParameterError, ["'d'", REAL, "list_iterator"]),
    ("Parameters", lambda w: w.params.add("d", w.params), ParameterError, ["'d'", REAL, "Parameters"]),
    ("no data", lambda w: w.params.add("d", np.array([])), ParameterError, ["'d'", REAL, "array([]"]),
    ("a number", lambda w: w.params.update(a=3.0), ParameterError, ["'a'", "3.0", "params['a'].value"]),
    ("None", lambda w: w.params.update(a=None), ParameterError, ["'a'", "None", "params['a'].value"]),
    ("new", lambda w: w.params.setdefault("d"), ParameterError, ["'d'", "None", "params.add('d'"]),
    ("item", lambda w: w.params.__setitem__("d", [1]), ParameterError, ["'d'", "[1]", "params.add('d'"]),
    (
        "float() of none",
        lambda w: float(Parameter("d")),
        ParameterError,
        ["'d'", "no value", "set its value"],
    ),
    ("sum with none", lambda w: Parameter("d") + 1, ParameterError, ["'d'", "no value", "set its value"]),
]

BOUNDS = [
    ("crossed", lambda w: Parameter("a", 1, min=2, max=1), ParameterError, ["'a'", "(2)", "(1)", "exchange"]),
    ("equal", lambda w: Parameter("a", 1, min=1, max=1), ParameterError, ["'a'", "(1)", "vary=False"]),
    ("min above max", assigned("min", 11), ParameterError, ["'a'", "min (11)", "max (10)", "set(min="]),
    ("max below min", assigned("max", -1), ParameterError, ["'a'", "min (0)", "max (-1)"]),
    ("NaN", assigned("min", np.nan), ParameterError, ["'a'", "min must be a real number", "NaN"]),
    ("text", assigned("max", "x"), ParameterError, ["'a'", "max must be a real number", "'x'"]),
    ("complex", assigned("min", 1j), ParameterError, ["'a'", "min must be a real number", "1j"]),
    ("min=inf", lambda w: Parameter("a", 1, min=np.inf), ParameterError, ["'a'", "min (inf)"]),
    ("max=-inf", lambda w: Parameter("a", 1, max=-np.inf), ParameterError, ["'a'", "max (-inf)"]),
    ("a list", lambda w: Parameter("a", 1, min=[0]), ParameterError, ["'a'", "min must be", "[0]"]),
    ("pairs", lambda w: w.params["a"].set(max=[1, 2]), ParameterError, ["'a'", "max must be", "[1, 2]"]),
    ("true", lambda w: Parameter("a", 1, min=True, max=False), ParameterError, ["'a'", "min (1)", "max (0)"]),
    ("set text", lambda w: w.params["a"].set(min="0"), ParameterError, ["'a'", "min must be", "'0'"]),
    ("set crossed", lambda w: w.params["a"].set(min=5, max=4), ParameterError, ["'a'", "(5)", "(4)"]),
    ("set equal", lambda w: w.params["a"].set(value=3, min=10), ParameterError, ["'a'", "min (10)"]),
    ("of several", lambda w: w.params.set(b=3, a={"min": 20}), ParameterError, ["'a'", "(20)", "(10)"]),
    (
        "the second",
        lambda w: w.params.set(a=3, b={"min": 5, "max": 1}),
        ParameterError,
        ["'b'", "(5)", "(1)"],
    ),
]

ATTRIBUTES = [
    (
        "vary text",
        lambda w: Parameter("a", 1, vary="False"),
        ParameterError,
        ["'a'", "True or False", "'False'"],
    ),
    ("set vary text", assigned("vary", "no"), ParameterError, ["'a'", "True or False", "'no'"]),
    ("set vary list", assigned("vary", [True]), ParameterError, ["'a'", "True or False", "[True]"]),
    ("set vary None", assigned("vary", None), ParameterError, ["'a'", "True or False", "None"]),
    ("expr number", lambda w: Parameter("a", 1, expr=3), ParameterError, ["'a'", "expr must be text", "3"]),
    ("expr bytes", lambda w: Parameter("a", 1, expr=b"b"), ParameterError, ["'a'", "must be text", "b'b'"]),
    ("step text", lambda w: Parameter("a", 1, brute_step="x"), ParameterError, ["'a'", "brute_step", "'x'"]),
    ("step NaN", lambda w: w.params["a"].set(brute_step=np.nan), ParameterError, ["brute_step", "NaN"]),
    (
        "unknown",
        lambda w: Parameter("a", 1, maximum=3),
        TypeError,
        ["'maximum'", "max", "arguments are name"],
    ),
    ("too many", lambda w: Parameter("a", *range(8)), TypeError, ["at most 8", "9", "name, value, vary"]),
    ("twice", lambda w: Parameter("a", 1, value=3), TypeError, ["'value' twice", "name, value, vary"]),
    (
        "misspelt",
        lambda w: w.params.set(a={"mim": 1}),
        ParameterError,
        ["'a'", "'mim'", "did you mean 'min'"],
    ),
    ("of a new one", lambda w: w.params.set(q={"valu": 1}), ParameterError, ["'q'", "'valu'", "'value'"]),
    ("new text", lambda w: w.params.set(q="x"), ParameterError, ["'q'", REAL, "'x'"]),
    ("add_many 3", lambda w: w.params.add_many(3), ParameterError, ["add_many() takes tuples", "3"]),
    ("add_many text", lambda w: w.params.add_many("abc"), ParameterError, ["takes tuples", "'abc'"]),
    ("add_many 2nd", lambda w: w.params.add_many(("q", 1), ("r", "x")), ParameterError, ["'r'", "'x'"]),
    ("add_many long", lambda w: w.params.add_many(("q", *range(8))), TypeError, ["at most 8", "9"]),
    ("update 3", lambda w: w.params.update(3), ParameterError, ["update() takes", "3"]),
    ("update a list", lambda w: w.params.update([("q",)]), ParameterError, ["update() takes", "('q',)"]),
    ("update half", lambda w: w.params.update({"b": w.foreign, "q": 3}), ParameterError, ["'q'", "3"]),
    ("plus 3", lambda w: w.params + 3, ParameterError, ["only a Parameters", "int", "add_many()"]),
    ("plus dict", lambda w: w.params.__iadd__({"q": 1}), ParameterError, ["only a Parameters", "dict"]),
    ("or dict", lambda w: w.params | {"q": 2}, ParameterError, ["'q'", "2", "params.add('q'"]),
    ("symbols 3", lambda w: Parameters(3), ParameterError, ["usersyms must be a dictionary", "3", "add()"]),
    ("symbols list", lambda w: Parameters([("a", 1)]), ParameterError, ["usersyms must be a dictionary"]),
    ("symbol name", lambda w: Parameters({"not valid": 1}), ParameterError, ["usersyms", "'not valid'"]),
    (
        "column",
        lambda w: w.params.pretty_print(columns=["valeu"]),
        ValueError,
        ["'valeu'", "did you mean 'value'"],
    ),
    ("format", lambda w: w.params.pretty_print(fmt="q"), ValueError, ["fmt must be", "'q'"]),
    ("covariance", lambda w: w.params.create_uvars(np.eye(3)), ParameterError, ["covar", "a, b", "(3, 3)"]),
]

EXPRESSIONS = [
    ("unfinished", added("2*"), ExpressionError, ["'d'", "'2*'", "ends too early"]),
    ("a statement", added("import os"), ExpressionError, ["'d'", "'import os'", "invalid syntax"]),
    ("an assignment", added("x = 3"), ExpressionError, ["'d'", "'x = 3'", "invalid syntax"]),
    ("two", added("a; b"), ExpressionError, ["'d'", "'a; b'", "invalid syntax"]),
    ("an attribute", added("a.real"), ExpressionError, ["'d'", "'a.real'", "attributes"]),
    ("underscores", added("__import__('os')"), ExpressionError, ["'d'", "double underscores"]),
    ("formatted text", added("f'{a}'"), ExpressionError, ["'d'", "formatted strings"]),
    ("blank", added("   "), ExpressionError, ["'d'", "it is empty", "None for no constraint"]),
    ("a zero byte", added("a\x00b"), ExpressionError, ["'d'", "cannot parse"]),
    ("parentheses", added("(" * 500 + "a" + ")" * 500), ExpressionError, ["'d'", "nested"]),
    ("too long", added("a" + "+a" * 20000), ExpressionError, ["'d'", "20000 characters", "split"]),
    ("unknown name", added("zz + 1"), ExpressionError, ["'d'", "unknown name 'zz'"]),
    ("misspelt name", added("sqr(a)"), ExpressionError, ["'d'", "'sqr'", "'sqrt'"]),
    ("itself", added("d"), ExpressionError, ["'d'", "circle", "d → d", "give one of them a value"]),
    ("a circle", circle, ExpressionError, ["'a'", "circle", "a → c → a", "c = '2*a'", "give one of them"]),
    ("a list", added("[1, 2]"), ExpressionError, ["'d'", "type list", "must be a number"]),
    ("a text", added("'x'"), ExpressionError, ["'d'", "type str", "must be a number"]),
    ("complex", added("1j"), ExpressionDomainError, ["'d'", "complex", "must be real"]),
    ("a power", added("9**9**9**9"), ExpressionError, ["'d'", "20000 bits"]),
    ("a file", added("open('x')"), ExpressionError, ["'d'", "unknown name 'open'"]),
    ("a call", added("a(3)"), ExpressionError, ["'d'", "a=2.0", "not callable"]),
    ("no argument", added("sin()"), ExpressionError, ["'d'", "exactly one argument"]),
    ("an index", added("a[0]"), ExpressionError, ["'d'", "a=2.0", "not subscriptable"]),
    ("division", added("1/(a - a)"), ExpressionDomainError, ["'d'", "a=2.0", "division by zero"]),
    ("set open", assigned("expr", "("), ExpressionError, ["'a'", "never closed"]),
    ("set a number", assigned("expr", 3), ParameterError, ["'a'", "must be text", "3", "quotes"]),
    ("eval open", lambda w: w.params.eval("a+"), ExpressionError, ["'a+'", "ends too early"]),
    ("eval unknown", lambda w: w.params.eval("q"), ExpressionError, ["'q'", "unknown name"]),
    ("eval a number", lambda w: w.params.eval(3), ExpressionError, ["must be text", "3"]),
    ("eval zero", lambda w: w.params.eval("1/0"), ExpressionDomainError, ["'1/0'", "division by zero"]),
]

SETTINGS = [
    ("objective 3", lambda w: minimize(3, w.params), MinimizerException, ["must be a function", "3"]),
    (
        "objective None",
        lambda w: minimize(None, w.params),
        MinimizerException,
        ["must be a function", "None"],
    ),
    ("exchanged", lambda w: minimize(w.params, w.residual), ParameterError, ["params must be", "a function"]),
    ("without objective", lambda w: Minimizer().leastsq(), MinimizerException, ["must be a function"]),
    ("params None", lambda w: minimize(w.residual, None), MinimizerException, ["no parameters to fit"]),
    ("params {}", lambda w: minimize(w.residual, {}), MinimizerException, ["no parameters to fit"]),
    ("params 3", lambda w: Minimizer(w.residual, 3), ParameterError, ["params must be", "3"]),
    ("params text", lambda w: minimize(w.residual, "a"), ParameterError, ["params must be", "'a'"]),
    ("params numbers", lambda w: minimize(w.residual, [1, 2]), ParameterError, ["entry 0", "1"]),
    ("params values", lambda w: minimize(w.residual, {"a": 1.0}), ParameterError, ["'a'", "1.0"]),
    (
        "params nameless",
        lambda w: minimize(w.residual, [Parameter(1.0)]),
        ParameterError,
        ["entry 0", "no name"],
    ),
    (
        "params twice",
        lambda w: minimize(w.residual, [w.foreign, w.foreign]),
        ParameterError,
        ["entry 1", "twice"],
    ),
    ("engine", settings(method="nope"), ValueError, ["'nope'", "The engines are", "leastsq"]),
    ("engine misspelt", settings(method="leastsqq"), ValueError, ["'leastsqq'", "did you mean 'leastsq'"]),
    ("engine 3", settings(engine=3), ValueError, ["'3'", "The engines are"]),
    ("two engines", settings(method="leastsq", engine="nelder"), TypeError, ["'nelder'", "'leastsq'"]),
    ("option", settings(bogus=3), TypeError, ["'leastsq'", "'bogus'", "options are ftol"]),
    ("option of another", settings(method="nelder", seed=3), TypeError, ["'nelder'", "'seed'", "xatol"]),
    ("options", settings(options=3), TypeError, ["options must be a dictionary", "3"]),
    ("nan_policy", settings(nan_policy="nope"), ValueError, ["nan_policy", "'omit'", "'nope'"]),
    ("max_nfev text", settings(max_nfev="x"), TypeError, ["max_nfev", "number of evaluations", "'x'"]),
    ("max_nfev negative", settings(max_nfev=-1), ValueError, ["max_nfev", "-1"]),
    ("max_nfev NaN", settings(max_nfev=np.nan), ValueError, ["max_nfev", "nan"]),
    ("timeout text", settings(timeout="x"), TypeError, ["timeout", "number of seconds", "'x'"]),
    ("timeout NaN", settings(timeout=np.nan), ValueError, ["timeout", "nan"]),
    ("iter_cb", settings(iter_cb=3), TypeError, ["iter_cb(params, iteration, residual", "3"]),
    ("reduce_fcn", settings(reduce_fcn="nope"), ValueError, ["reduce_fcn", "'nope'", "'huber'"]),
    ("reduce_fcn 3", settings(reduce_fcn=3), TypeError, ["reduce_fcn", "3"]),
    ("scale_covar", settings(scale_covar="no"), TypeError, ["scale_covar", "True or False", "'no'"]),
    ("calc_covar", settings(calc_covar=[]), TypeError, ["calc_covar", "True or False", "[]"]),
    ("polish", settings(polish="no"), TypeError, ["polish", "True or False", "'no'"]),
    ("ftol text", settings(ftol="x"), TypeError, ["ftol", "number", "'x'"]),
    ("ftol negative", settings(ftol=-1), ValueError, ["ftol", "not negative", "-1"]),
    ("xtol NaN", settings(xtol=np.nan), ValueError, ["xtol", "nan"]),
    ("epsfcn", settings(epsfcn="x"), TypeError, ["epsfcn", "'x'"]),
    ("factor", settings(factor=-1), ValueError, ["factor", "-1"]),
    ("diag short", settings(diag=[1]), ValueError, ["diag", "2 variables", "[1]"]),
    ("diag text", settings(diag="x"), ValueError, ["diag", "2 variables", "'x'"]),
    ("diag zero", settings(diag=[1, 0]), ValueError, ["diag", "positive", "[1, 0]"]),
    ("xatol", settings(method="nelder", xatol="x"), TypeError, ["xatol", "'x'"]),
    ("loss", settings(method="least_squares", loss="nope"), ValueError, ["loss", "'nope'", "'soft_l1'"]),
    ("jac", settings(method="least_squares", jac="nope"), ValueError, ["jac", "'3-point'", "'nope'"]),
    ("jac of leastsq", settings(jac="2-point"), TypeError, ["jac must be a function", "'2-point'"]),
    ("Dfun", settings(Dfun=3), TypeError, ["Dfun must be a function", "3"]),
    ("hess", settings(method="newton", hess=3), TypeError, ["hess must be a function", "3"]),
    ("seed", settings(method="basinhopping", seed="x"), TypeError, ["seed", "'x'"]),
    ("brute", settings(method="brute"), ParameterError, ["'brute'", "'b'", "brute_step"]),
    ("unbounded", settings(method="differential_evolution"), ParameterError, ["finite bounds", "'b'"]),
    (
        "scalar",
        lambda w: Minimizer(w.residual, w.params).scalar_minimize("leastsq"),
        ValueError,
        ["'leastsq'"],
    ),
    ("args 3", lambda w: minimize(w.residual, w.params, args=3), TypeError, ["args must be a tuple", "3"]),
    ("args text", lambda w: minimize(w.residual, w.params, args="xy"), TypeError, ["args must be", "'xy'"]),
    (
        "args dict",
        lambda w: minimize(w.residual, w.params, args=w.keywords),
        TypeError,
        ["args must be", "dict"],
    ),
    ("kws 3", lambda w: minimize(w.residual, w.params, kws=3), TypeError, ["kws must be a dictionary", "3"]),
    (
        "args twice",
        lambda w: minimize(w.residual, w.params, (w.x,), args=(w.x,)),
        TypeError,
        ["'args' twice"],
    ),
    ("too many", lambda w: minimize(w.residual, w.params, "leastsq", *range(9)), TypeError, ["at most 11"]),
    (
        "no result",
        lambda w: Minimizer(w.residual, w.params).chisqr,
        AttributeError,
        ["'chisqr'", "no result yet"],
    ),
    ("no attribute", lambda w: Minimizer(w.residual, w.params).chi, AttributeError, ["'chi'"]),
    (
        "no search",
        lambda w: Minimizer(w.residual, w.params).search_again(),
        MinimizerException,
        ["no fit yet"],
    ),
    ("start inf", starting(value=np.inf), ParameterError, ["'d'", "finite start value", "inf", "vary=False"]),
    ("start none", starting(), ParameterError, ["'d'", "no value", "params['d'].value"]),
    ("tie unknown", starting(expr="nope"), ExpressionError, ["'d'", "unknown name 'nope'"]),
    ("tie circle", starting(expr="d"), ExpressionError, ["'d'", "circle"]),
]

RESIDUALS = [
    ("None", returned(None), MinimizerException, ["returned None", "'return' missing"]),
    ("text", returned("x"), MinimizerException, ["str", NUMBERS, "return the residual"]),
    ("nothing", returned([]), NonFiniteError, ["no data", "at least one point"]),
    ("no rows", returned(np.zeros((0, 3))), NonFiniteError, ["no data"]),
    ("NaN", returned(np.full(5, np.nan)), NonFiniteError, ["5 of 5", "a=2.0", "nan_policy='omit'"]),
    ("one inf", returned([1, np.inf, 2]), NonFiniteError, ["1 of 3", "index 1", "inf"]),
    ("a NaN alone", returned(np.nan), NonFiniteError, ["1 of 1", "a=2.0"]),
    ("complex NaN", returned([complex(1, np.nan)]), NonFiniteError, ["1 of 2", "index 1"]),
    ("all omitted", returned([np.nan], nan_policy="omit"), NonFiniteError, ["1 of 1"]),
    ("None within", returned([1.0, None]), NonFiniteError, ["1 of 2", "index 1"]),
    ("a dictionary", returned({"a": 1}), MinimizerException, ["dict", NUMBERS]),
    ("a set", returned({1, 2}), MinimizerException, ["set", NUMBERS]),
    ("a generator", returned(v for v in (1.0, 2.0)), MinimizerException, ["generator", NUMBERS]),
    ("a map", returned(map(float, [1])), MinimizerException, ["map", NUMBERS]),
    ("an object", returned(object()), MinimizerException, ["object", NUMBERS]),
    ("a function", returned(abs), MinimizerException, ["builtin", NUMBERS]),
    ("text within", returned(np.array([1, "x"], dtype=object)), MinimizerException, ["'x'", NUMBERS]),
    ("an array of text", returned(np.array(["a"])), MinimizerException, ["<U1", NUMBERS]),
    ("uneven lists", returned([[1], [1, 2]]), MinimizerException, ["list", NUMBERS]),
    ("dates", returned(np.array(["2020"], dtype="M8[D]")), MinimizerException, ["datetime64", NUMBERS]),
    ("records", returned(np.zeros(2, dtype="i4,i4")), MinimizerException, ["i4", NUMBERS]),
    ("a huge integer", returned(10**400), MinimizerException, ["int", NUMBERS]),
    ("huge integers", returned([10**400]), MinimizerException, ["list", NUMBERS]),
    ("huge numbers", returned(np.full(5, 1e200)), NonFiniteError, ["1e+200", "divide it"]),
    ("growing", lambda w: minimize(growing(), w.params), MinimizerException, ["5 values after 4", "omit"]),
    ("wrong name", lambda w: w.fit(lambda p, x, y: p["aa"] * x), ParameterNameError, ["'aa'", "'a'"]),
]

DERIVATIVES = [
    ("None", derivatives(None), MinimizerException, ["shape ()", "(20, 2)", "a, b", "dictionary"]),
    ("square", derivatives(np.ones((3, 3))), MinimizerException, ["'a'", "3 values", "20"]),
    ("transposed", derivatives(np.ones((2, 20))), MinimizerException, ["(2, 20)", "(20, 2)", "col_deriv"]),
    ("unknown", derivatives({"zz": np.ones(20)}), MinimizerException, ["'zz'", "no parameter"]),
    ("missing", derivatives({"a": np.ones(20)}), MinimizerException, ["no column", "'b'"]),
    ("empty", derivatives({}), MinimizerException, ["no column", "'a'"]),
    ("NaN", derivatives(np.full((20, 2), np.nan)), MinimizerException, ["'a'", "not finite"]),
    ("short", derivatives({"a": np.ones(20), "b": [1]}), MinimizerException, ["'b'", "1 values", "20"]),
    ("text", derivatives({"a": "x", "b": np.ones(20)}), MinimizerException, ["derivative", "str", NUMBERS]),
    ("uneven", derivatives([[1], [1, 2]]), MinimizerException, ["(20, 2)", "a, b"]),
    ("a word", derivatives("x"), MinimizerException, ["(20, 2)", "a, b"]),
    (
        "hess",
        lambda w: w.fit(method="newton", jac=lambda p, x, y: np.ones(2), hess=lambda p, x, y: np.ones(3)),
        MinimizerException,
        ["hess", "(3,)", "(2, 2)"],
    ),
    (
        "gradient",
        lambda w: w.fit(method="bfgs", jac=lambda p, x, y: np.ones(7)),
        MinimizerException,
        ["(7,)", "(20, 2)"],
    ),
]

#: All entries, under names that no two have in common.
CATALOGUE = {
    f"{group} {what}": (call, error, words)
    for group, entries in {
        "name": NAMES,
        "value": VALUES,
        "bound": BOUNDS,
        "attribute": ATTRIBUTES,
        "expression": EXPRESSIONS,
        "setting": SETTINGS,
        "residual": RESIDUALS,
        "derivative": DERIVATIVES,
        **GROUPS,
    }.items()
    for what, call, error, words in entries
}
