"""The catalogue goes on: models, intervals, many data sets and files; see `misuses`."""

import math

import numpy as np

from lmfit import GlobalModel, Minimizer, Parameters, ci_report, create_params, fit_report
from lmfit.bootstrap import bootstrap_interval, credible_interval
from lmfit.confidence import conf_interval, conf_interval2d
from lmfit.errors import (
    ExpressionError,
    MinimizerException,
    NonFiniteError,
    ParameterError,
    ParameterNameError,
)
from lmfit.model import (
    CompositeModel,
    Model,
    ModelCallError,
    ModelError,
    ModelNameError,
    load_model,
    save_model,
    save_modelresult,
)
from lmfit.models import (
    ExpressionModel,
    Gaussian2dModel,
    GaussianModel,
    PolynomialModel,
    SplineModel,
    StepModel,
)


def line(x, slope, icept):
    return slope * x + icept


def starred(x, *args):
    return x


def reserved(x, params):
    return x


def short(x, a):
    return a * x[:3]


MODEL = GaussianModel()
LINE = Model(line)
START = {"amplitude": 1.0, "center": 0.3, "sigma": 0.5}
PARAMS = MODEL.make_params(**START)
DAYS = np.arange(20).astype("M8[D]")


def fit(**given):
    """A fit of the model to the data of the world, with some arguments exchanged."""

    def call(world):
        data = given.pop("data", world.y) if "data" in given else world.y
        return MODEL.fit(data, **{"params": PARAMS, "x": world.x, **given})

    return call


def own(function, **given):
    return lambda world: Model(function).fit(world.y, x=world.x, a=1, **given)


def result(world):
    return MODEL.fit(world.y, PARAMS, x=world.x)


def drawn(world, **given):
    """The figure of a result, without a window."""
    import matplotlib as mpl

    mpl.use("agg")
    return result(world).plot(**given)


def beside(curve, **given):
    """A sum of a function and a peak, whose first part is no curve."""
    return lambda world: (Model(curve, name="strange") + MODEL).fit(world.y, PARAMS, x=world.x, a=1, **given)


def many(**given):
    def call(world):
        data = given.pop("data") if "data" in given else np.array([world.y, 2 * world.y])
        return MODEL.fit_many(data, **{"params": PARAMS, "x": world.x, **given})

    return call


def fitted(world):
    fitter = Minimizer(world.residual, world.params.copy(), fcn_kws=world.keywords)
    fitter.leastsq()
    return fitter


def interval(*args, **given):
    return lambda world: conf_interval(fitted(world), *args, **given)


def region(*args, **given):
    return lambda world: conf_interval2d(fitted(world), *args, **given)


def bootstrap(**given):
    return lambda world: bootstrap_interval(fitted(world), **given)


MODELS = [
    ("3", lambda w: Model(3), TypeError, ["must be a function", "3"]),
    ("text", lambda w: Model("line"), TypeError, ["must be a function", "'line'"]),
    (
        "variable",
        lambda w: Model(line, independent_vars=["q"]),
        ModelError,
        ["'q'", "'line'", "x, slope, icept"],
    ),
    ("variables 3", lambda w: Model(line, independent_vars=3), ModelError, ["independent_vars", "list", "3"]),
    ("parameter", lambda w: Model(line, param_names=["q"]), ModelError, ["'q'", "'line'", "x, slope, icept"]),
    ("prefix", lambda w: Model(line, prefix="1"), ModelError, ["prefix '1'", "begin like a name"]),
    ("prefix 3", lambda w: Model(line, prefix=3), ModelError, ["prefix 3", "begin like a name"]),
    ("prefix blank", lambda w: Model(line, prefix="a b"), ModelError, ["prefix 'a b'"]),
    ("nan_policy", lambda w: Model(line, nan_policy="x"), ModelError, ["nan_policy", "'omit'", "'x'"]),
    ("unknown", lambda w: Model(line, bogus=3), ModelCallError, ["'bogus'", "'line'"]),
    ("dfunc", lambda w: Model(line, dfunc=3), TypeError, ["dfunc", "3"]),
    ("starred", lambda w: Model(starred), ModelError, ["'*args'", "one by one"]),
    ("reserved", lambda w: Model(reserved), ModelError, ["'params'", "rename"]),
    ("by position", lambda w: Model(math.sin), ModelError, ["'sin'", "by position"]),
    ("plus 3", lambda w: LINE + 3, ModelError, ["3 is no Model"]),
    ("twice", lambda w: LINE + LINE, ModelNameError, ["'icept'", "'slope'", "prefix"]),
    ("operator", lambda w: CompositeModel(LINE, MODEL, 3), ModelError, ["operator 3"]),
    ("start", lambda w: LINE.make_params(slope="x"), ParameterError, ["'slope'", "'x'", "float()"]),
    ("hint", lambda w: LINE.make_params(slope={"mim": 1}), ModelError, ["'slope'", "'mim'", "'min'"]),
    ("set hint", lambda w: LINE.set_param_hint("slope", mim=1), ModelError, ["'slope'", "'mim'", "'min'"]),
    ("hint of 3", lambda w: LINE.set_param_hint(3, value=1), ModelError, ["name", "3"]),
    ("hint text", lambda w: LINE.set_param_hint("slope", min="x"), ParameterError, ["'slope'", "min", "'x'"]),
    (
        "crossed",
        lambda w: LINE.set_param_hint("slope", min=3, max=1),
        ParameterError,
        ["'slope'", "(3)", "(1)"],
    ),
    ("no guess", lambda w: LINE.guess(w.y, x=w.x), NotImplementedError, ["cannot guess", "make_params()"]),
    ("guess nothing", lambda w: MODEL.guess([], x=[]), MinimizerException, ["guess()", "finite"]),
    (
        "guess NaN",
        lambda w: MODEL.guess(w.y * np.nan, x=w.x),
        MinimizerException,
        ["guess()", "20", "finite"],
    ),
    ("guess short", lambda w: MODEL.guess(w.y, x=w.x[:3]), MinimizerException, ["'x'", "(3,)", "(20,)"]),
    ("guess alone", lambda w: MODEL.guess(w.y), MinimizerException, ["'x'", "x=..."]),
    ("eval alone", lambda w: MODEL.eval(PARAMS), ModelCallError, ["'x'", "x=..."]),
    ("eval 3", lambda w: MODEL.eval(3, x=w.x), ModelError, ["params must be", "3"]),
    ("degree", lambda w: PolynomialModel(degree="x"), TypeError, ["degree", "'x'"]),
    ("degree -1", lambda w: PolynomialModel(degree=-1), TypeError, ["degree", "from 0 on", "-1"]),
    ("form", lambda w: StepModel(form="nope"), ValueError, ["form", "'logistic'", "'nope'"]),
    ("knots", lambda w: SplineModel(xknots=[1, 1]), ValueError, ["xknots", "increasing", "[1, 1]"]),
    ("expression", lambda w: ExpressionModel("a*"), ExpressionError, ["'a*'", "ends too early"]),
    ("attribute", lambda w: ExpressionModel("a.b*x"), ExpressionError, ["'a.b*x'", "attributes"]),
    ("no variable", lambda w: ExpressionModel("a*z"), ValueError, ["'a*z'", "independent_vars"]),
    ("expression 3", lambda w: ExpressionModel(3), TypeError, ["expr", "text", "3"]),
    (
        "expression of 3",
        lambda w: ExpressionModel("a*x", 3),
        ModelError,
        ["independent_vars", "list of names", "3"],
    ),
    ("knots text", lambda w: SplineModel(xknots="abc"), ValueError, ["xknots", "numbers", "'abc'"]),
    ("guess text", lambda w: MODEL.guess("x", x=w.x), MinimizerException, ["needs numbers", "data", "'x'"]),
    ("guess x text", lambda w: MODEL.guess(w.y, x="x"), MinimizerException, ["needs numbers", "'x' are 'x'"]),
    ("guess dict", lambda w: MODEL.guess({"a": 1}, x=w.x), MinimizerException, ["needs numbers", "dict"]),
    (
        "guess a sum alone",
        lambda w: (MODEL + PolynomialModel(1)).guess(w.y),
        MinimizerException,
        ["'x'", "x=..."],
    ),
    ("guess plane", lambda w: Gaussian2dModel().guess(w.y, x=w.x), MinimizerException, ["'y'", "y=..."]),
    ("eval text", lambda w: MODEL.eval(PARAMS, x="t"), ModelError, ["'x'", "the text 't'", "table['t']"]),
    (
        "eval None",
        lambda w: (Model(lambda x, a: None, name="f") + MODEL).eval(PARAMS, x=w.x, a=1),
        ModelError,
        ["Model(f) returned None", "'return' missing"],
    ),
]

FITS = [
    ("no data", fit(data=[]), ModelError, ["no data", "(0,)"]),
    ("data None", fit(data=None), ModelError, ["no data", "None"]),
    ("data text", fit(data="abc"), ModelError, ["data must be numbers", "'abc'"]),
    ("data a dictionary", fit(data={"a": 1}), ModelError, ["data must be numbers", "dict"]),
    ("data an iterator", fit(data=iter([1.0])), ModelError, ["data must be numbers", "iterator"]),
    ("data dates", fit(data=DAYS), ModelError, ["data must be numbers", "datetime64", "subtract"]),
    ("data NaN", fit(data=[np.nan] * 20), NonFiniteError, ["data", "20 of 20", "'omit'"]),
    ("data of another shape", fit(data=np.ones((2, 20))), ModelError, ["(20,)", "(2, 20)"]),
    ("x missing", lambda w: MODEL.fit(w.y, PARAMS), ModelCallError, ["'x'", "x=..."]),
    ("x None", fit(x=None), ModelCallError, ["'x'", "None"]),
    ("x short", fit(x=np.ones(5)), ModelError, ["(5,)", "(20,)"]),
    ("params 3", fit(params=3), ModelError, ["params must be", "3"]),
    ("params of another", fit(params=create_params(a=1)), ModelError, ["'amplitude'", "make_params()"]),
    ("no start", lambda w: LINE.fit(w.y, x=w.x), ModelError, ["'slope', 'icept'", "slope=..."]),
    ("start text", fit(amplitude="x"), ParameterError, ["'amplitude'", "'x'"]),
    ("start NaN", fit(amplitude=np.nan), ParameterError, ["'amplitude'", "NaN"]),
    ("weights text", fit(weights="x"), ModelError, ["weights must be numbers", "'x'"]),
    ("weights short", fit(weights=[1.0, 2.0]), ModelError, ["weights", "(2,)", "(20,)"]),
    ("weights NaN", fit(weights=np.full(20, np.nan)), NonFiniteError, ["weights", "20 of 20"]),
    ("method", fit(method="nope"), ValueError, ["'nope'", "The engines are"]),
    ("fit_kws", fit(fit_kws=3), ModelError, ["fit_kws", "dictionary", "3"]),
    ("option", fit(fit_kws={"bogus": 1}), TypeError, ["'bogus'", "options are"]),
    ("iter_cb", fit(iter_cb=3), TypeError, ["iter_cb", "3"]),
    ("nan_policy", fit(nan_policy="x"), ValueError, ["nan_policy", "'x'"]),
    ("max_nfev", fit(max_nfev="x"), TypeError, ["max_nfev", "'x'"]),
    ("scale_covar", fit(scale_covar="no"), TypeError, ["scale_covar", "'no'"]),
    ("returns None", own(lambda x, a: None), ModelError, ["returned None", "'return' missing"]),
    ("returns text", own(lambda x, a: "x"), ModelError, ["<U1"]),
    ("returns too few", own(short), ModelError, ["(3,)", "(20,)"]),
    ("band", lambda w: MODEL.fit(w.y, PARAMS, x=w.x).eval_uncertainty(sigma=-1), ValueError, ["sigma", "-1"]),
    ("band text", lambda w: MODEL.fit(w.y, PARAMS, x=w.x).eval_uncertainty(sigma="x"), ValueError, ["'x'"]),
    ("table", lambda w: MODEL.fit(w.y, PARAMS, x=w.x).to_dataframe(of="x"), ValueError, ["'params'", "'x'"]),
    ("x text", fit(x="t"), ModelError, ["'x'", "the text 't'", "table['t']"]),
    ("x texts", fit(x=np.array(["a"] * 20)), ModelError, ["'x'", "the text 'a'"]),
    ("two errors", fit(weights=1.0, covariance=np.eye(20)), ModelError, ["weights and covariance", "one of"]),
    ("check at text", lambda w: MODEL.check_jac(PARAMS, x="t"), ModelError, ["'x'", "the text 't'"]),
    (
        "part None",
        beside(lambda x, a: None),
        ModelError,
        ["Model(strange) returned None", "'return' missing"],
    ),
    ("part text", beside(lambda x, a: "abc"), ModelError, ["Model(strange)", "str", "not a curve"]),
    ("part dict", beside(lambda x, a: {}), ModelError, ["Model(strange)", "dict", "not a curve"]),
    ("part short", beside(short), ModelError, ["one shape", "Model(strange) (3,)", "Model(gaussian) (20,)"]),
    ("band step", lambda w: result(w).eval_uncertainty(dscale="x"), ValueError, ["dscale", "'x'"]),
    ("band at 3", lambda w: result(w).eval_uncertainty(params=3), ModelError, ["params must be", "3"]),
    ("band at text", lambda w: result(w).eval_uncertainty(x="t"), ModelError, ["'x'", "the text 't'"]),
    ("again with 3", lambda w: result(w).fit(params=3), ModelError, ["params must be", "3"]),
    ("limits in text", lambda w: result(w).ci_report(ndigits="x"), TypeError, ["ndigits", "'x'"]),
    ("true values 3", lambda w: result(w).fit_report(3), TypeError, ["modelpars", "'amplitude'", "3"]),
    ("least text", lambda w: result(w).fit_report(min_correl="x"), TypeError, ["min_correl", "'x'"]),
    ("figure 3", lambda w: drawn(w, fig=3), TypeError, ["fig must be", "3"]),
    ("axes 3", lambda w: result(w).plot_fit(ax=3), TypeError, ["ax must be", "3"]),
    ("points text", lambda w: result(w).plot_fit(numpoints="x"), TypeError, ["numpoints", "'x'"]),
    ("parts of a number", lambda w: result(w).plot_fit(parse_complex="x"), ValueError, ["'imag'", "'x'"]),
]

INTERVALS = [
    ("of 3", lambda w: conf_interval(3), MinimizerException, ["need a fit", "call"]),
    (
        "before a fit",
        lambda w: conf_interval(Minimizer(w.residual, w.params)),
        MinimizerException,
        ["need a fit"],
    ),
    ("unknown", interval(["zz"]), ParameterNameError, ["'zz'", "there are 'a', 'b'"]),
    ("names 3", interval(3), ParameterNameError, ["3", "there are"]),
    ("sigmas text", interval(sigmas=["x"]), ValueError, ["sigmas must be", "['x']"]),
    ("sigmas negative", interval(sigmas=[-1]), ValueError, ["sigmas must be", "[-1]"]),
    ("sigmas NaN", interval(sigmas=[np.nan]), ValueError, ["sigmas must be", "nan"]),
    ("sigmas none", interval(sigmas=[]), ValueError, ["sigmas must be", "[]"]),
    ("prob_func", interval(prob_func=3), ValueError, ["prob_func", "3"]),
    ("maxiter", interval(maxiter="x"), TypeError, ["maxiter", "'x'"]),
    ("region of one", region("a", "a"), ValueError, ["two parameters", "'a' twice"]),
    ("region unknown", region("a", "zz"), ParameterNameError, ["'zz'", "there are"]),
    ("region empty", region("a", "b", 0, 3), ValueError, ["nx", "0"]),
    ("region nx", region("a", "b", "x", 3), TypeError, ["nx", "'x'"]),
    ("region limits", region("a", "b", limits=3), ValueError, ["limits must be", "3"]),
    ("region nsigma", region("a", "b", nsigma=-1), ValueError, ["nsigma", "-1"]),
    ("region alone", region(), TypeError, ["x_name and y_name"]),
    ("bootstrap of 3", lambda w: bootstrap_interval(3), TypeError, ["minimizer must be", "3"]),
    ("bootstrap kind", bootstrap(kind="x"), ValueError, ["kind", "'residual'", "'x'"]),
    ("bootstrap n", bootstrap(n=0), ValueError, ["n must be", "0"]),
    ("bootstrap n text", bootstrap(n="x"), TypeError, ["n must be", "'x'"]),
    ("bootstrap name", bootstrap(p_names=["zz"]), ParameterNameError, ["'zz'", "there are"]),
    ("bootstrap seed", bootstrap(seed="x", n=3), TypeError, ["seed", "'x'"]),
    ("bootstrap limits", bootstrap(limits="x"), ValueError, ["limits", "'bca'", "'x'"]),
    ("no chain", lambda w: credible_interval(fitted(w)), ValueError, ["no chain", "emcee()"]),
    ("limits of 3", lambda w: ci_report(3), TypeError, ["conf_interval()", "3"]),
    ("report of 3", lambda w: fit_report(3), TypeError, ["a report needs", "'int'", "result.params"]),
    ("candidate", lambda w: fitted(w).show_candidates(7), ValueError, ["candidate 7", "0"]),
]

BATCHES = [
    ("x missing", lambda w: MODEL.fit_many([w.y], PARAMS), ModelCallError, ["'x'", "x=..."]),
    ("x short", many(x=np.ones(3)), ModelError, ["(3,)", "20"]),
    ("a number", many(data=3.0), ModelError, ["single number", "array"]),
    ("nothing", many(data=[]), ModelError, ["no data", "(0,)"]),
    ("weights", many(weights=np.ones(3)), ModelError, ["weights", "(3,)", "(2, 20)"]),
    ("axis", many(axis=7), ModelError, ["axis=7", "(2, 20)"]),
    ("axis by name", many(axis="x"), ModelError, ["axis='x'", "DataArray"]),
    ("unknown", many(bogus=1), ModelError, ["'bogus'"]),
    ("start shape", many(amplitude=[1, 2, 3]), ModelError, ["'amplitude'", "(3,)", "(2,)"]),
    ("start text", many(amplitude="x"), ParameterError, ["'amplitude'", "'x'"]),
    ("params", many(params=create_params(q=1)), ModelError, ["'amplitude'", "make_params()"]),
    ("params 3", many(params=3), ModelError, ["params must be", "3"]),
    ("params text", many(params="x"), ModelError, ["params must be", "'x'"]),
    ("weights text", many(weights="x"), ModelError, ["weights must be numbers", "'x'"]),
    ("data text", many(data=np.array([["a", "b"]])), ModelError, ["data must be numbers", "'a'"]),
    ("data ragged", many(data=[[1.0, 2.0], [1.0]]), ModelError, ["data must be numbers", "one shape"]),
    ("x text", many(x="t"), ModelError, ["'x'", "the text 't'", "table['t']"]),
    ("scale_covar", many(scale_covar="no"), TypeError, ["scale_covar", "'no'"]),
    ("by name", lambda w: many()(w)["center"], IndexError, ["whole numbers", "'center'", "values[name]"]),
    ("beyond", lambda w: many()(w)[7], IndexError, ["no fit 7", "(2,)"]),
]


BOTH = GlobalModel(dict.fromkeys(["one", "two"], MODEL), shared=["center"])


def together(**given):
    """A fit of two data sets, with some arguments exchanged."""

    def call(world):
        data = {"one": world.y, "two": 2 * world.y}
        return BOTH.fit(**{"data": data, "params": BOTH.make_params(**START), "x": world.x, **given})

    return call


GLOBALS = [
    ("no models", lambda w: GlobalModel(3), ModelError, ["dictionary", "'a': model"]),
    ("shared text", lambda w: GlobalModel({"a": MODEL}, {"c": "center"}), ModelError, ["'c'", "'center'"]),
    ("data 3", together(data=3), ModelError, ["data", "one, two"]),
    ("one only", together(data={"one": [1.0]}), ModelError, ["data", "'two'"]),
    ("x text", together(x="t"), ModelError, ["data set 'one'", "'x'", "the text 't'"]),
    ("x for one", together(x={"one": [1.0]}), ModelError, ["x", "'two'"]),
    ("weights text", together(weights="x"), ModelError, ["data set 'one'", "weights must be numbers"]),
    ("params 3", together(params=3), ModelError, ["params must be", "3"]),
    ("unknown", together(zz=3), ModelCallError, ["'zz'", "The parameters are"]),
    ("own of another", lambda w: BOTH.own_params("zz", {}), ModelError, ["'zz'", "one, two"]),
    ("part", lambda w: together()(w)["on"], ModelError, ["'on'", "did you mean 'one'"]),
    ("band", lambda w: together()(w).eval_uncertainty(sigma_new="x"), ModelError, ["sigma_new", "'x'"]),
    ("into a name", lambda w: BOTH.dump("f"), TypeError, ["open file", "save_model()"]),
]


def loading(load, text):
    return lambda world: load(text)


STORED = "cannot be read"

FILES = [
    ("parameters empty", loading(Parameters().loads, ""), ParameterError, [STORED, "no valid JSON"]),
    ("parameters list", loading(Parameters().loads, "[]"), ParameterError, [STORED, "'params'"]),
    ("model empty", loading(LINE.loads, ""), ModelError, [STORED, "no valid JSON"]),
    ("model {}", loading(LINE.loads, "{}"), ModelError, [STORED, "not written by"]),
    ("model 3", loading(LINE.loads, 3), ModelError, [STORED, "as text", "3"]),
    ("into a name", lambda w: LINE.dump("f.json"), TypeError, ["open file", "'f.json'", "save_model()"]),
    ("from a name", lambda w: LINE.load("f.json"), TypeError, ["open file", "'f.json'", "load_model()"]),
    ("result into a name", lambda w: result(w).dump("f"), TypeError, ["open file", "save_modelresult()"]),
    ("save 3", lambda w: save_model(3, "f.json"), TypeError, ["model must be a Model", "3"]),
    ("save a model", lambda w: save_modelresult(MODEL, "f.json"), TypeError, ["must be a ModelResult"]),
    ("save to 3", lambda w: save_model(MODEL, 3), TypeError, ["fname", "3"]),
    ("load 3", lambda w: load_model(3), TypeError, ["fname", "3"]),
    ("model cut", loading(LINE.loads, MODEL.dumps()[:-9]), ModelError, [STORED, "no valid JSON"]),
]

GROUPS = {
    "model": MODELS,
    "fit": FITS,
    "interval": INTERVALS,
    "batch": BATCHES,
    "global": GLOBALS,
    "file": FILES,
}
