"""Models and results in files of lmfit 1.x, read without executing anything.

1.x stores functions as pickles.  They are not loaded; but most of them say no more than the module and
the name of a function, and that can be read off: ``pickletools`` lists what a pickle would do.
"""

from __future__ import annotations

import base64
import operator
import pickletools
import sys
from collections.abc import Mapping
from typing import Any

from ._fit_data import prepared
from ._plain_data import PlainDataError, decoded
from .errors import ModelError
from .jsonutils import Lookup
from .parameter import Parameters
from .result import MinimizerResult

__all__ = ["is_model", "is_result", "model", "result"]

_TAG = "__class__"
_OPERATORS = ("add", "sub", "mul", "truediv", "pow")


def is_model(data: Any) -> bool:
    """Return whether data are a model as 1.x writes it."""
    return isinstance(data, dict) and data.get(_TAG) == "Tuple"


def is_result(data: Any) -> bool:
    """Return whether data are the result of a model as 1.x writes it."""
    return isinstance(data, dict) and data.get(_TAG) == "lmfit.ModelResult"


def model(data: Mapping[str, Any], lookup: Lookup) -> Any:
    """Return a model from a file of 1.x.

    Raises
    ------
    ModelError
        A function is stored as code, or the file is damaged.
    """
    models = sys.modules["lmfit.model"]
    try:
        left, right, op = data["value"]
        if right is None:
            return _leaf(left, lookup)
        function = getattr(operator, op) if op in _OPERATORS else _function(op, lookup)
    except (KeyError, TypeError, ValueError, PlainDataError) as error:
        raise _unreadable(error) from error
    return models.CompositeModel(model(left, lookup), model(right, lookup), function)


def result(data: Mapping[str, Any], lookup: Lookup) -> Any:
    """Return the result of a fit from a file of 1.x.

    Raises
    ------
    ModelError
        A function is stored as code, or the file is damaged.
    """
    result_class = sys.modules["lmfit._model_result"].ModelResult
    try:
        fitted = model(data["model"], lookup)
        params, start = (Parameters().loads(data[name]) for name in ("params", "init_params"))
        stored = {
            name: _plain(data[name]) for name in ("userargs", "userkws", "weights", "residual", "covar")
        }
        # Only numbers are calculated here: no function of the model is called.
        weights = stored["weights"]
        fit_data = prepared(stored["userargs"][0], stored["userkws"], weights=weights, nan_policy="propagate")
        found = MinimizerResult(
            params=params, **_fields(data), residual=stored["residual"], covar=stored["covar"]
        )
        values = {"best": _plain(data["best_values"]), "init": _plain(data["init_values"])}
    except (KeyError, TypeError, AttributeError, IndexError, PlainDataError) as error:
        raise _unreadable(error) from error
    settings = {name: data[name] for name in ("method", "nan_policy")}
    settings |= {name: bool(data[name]) for name in ("scale_covar", "calc_covar")}
    curves = {"ci_out": _plain(data.get("ci_out"))}
    parts = {"settings": settings, "values": values, "curves": curves}
    return result_class._restored(fitted, start, fit_data, found, parts)


def _plain(stored: Any) -> Any:
    return decoded(stored)


def _fields(data: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a MinimizerResult other than arrays and parameters."""
    same = ("message", "method", "nfev", "ndata", "nvarys", "nfree", "chisqr", "redchi", "aic", "bic")
    names = _plain(data["var_names"])
    return {
        **{name: data[name] for name in same},
        **{name: bool(data[name]) for name in ("success", "aborted", "errorbars", "scale_covar")},
        "undetermined": {},
        "var_names": names,
        "init_values": {name: value for name, value in _plain(data["init_values"]).items() if name in names},
        "extras": {name: data.get(name) for name in ("ier", "lmdif_message")},
    }


def _leaf(state: Mapping[str, Any], lookup: Lookup) -> Any:
    """A model that is no composite."""
    names = ("prefix", "independent_vars", "param_root_names", "param_hints", "nan_policy", "opts")
    prefix, variables, roots, hints, policy, options = (_plain(state[name]) for name in names)
    funcdef = state["funcdef"]
    if isinstance(funcdef, str):  # the text of an ExpressionModel
        expression = lookup.imported("lmfit.models:ExpressionModel", sys.modules["lmfit.model"].Model)
        made = expression(funcdef, independent_vars=variables, nan_policy=policy)
    elif state["funcname"] == "polynomial" and "polynomial" not in lookup.funcdefs:
        polynomial = lookup.imported("lmfit.models:PolynomialModel", sys.modules["lmfit.model"].Model)
        made = polynomial(len(roots) - 1, independent_vars=variables, prefix=prefix, nan_policy=policy)
    else:
        function = _function(funcdef, lookup)
        made = sys.modules["lmfit.model"].Model(
            function, variables, roots, policy, prefix, state["name"], **options
        )
    made.param_hints = hints
    return made


def _function(stored: Mapping[str, Any], lookup: Lookup) -> Any:
    """The function that a file of 1.x stores, by its module and name."""
    name = str(stored["__name__"])
    if name in lookup.funcdefs:
        return lookup.funcdefs[name]
    value = stored.get("value")
    path = _reference(str(value)) if value else f"{stored.get('importer')}:{name}"
    if path is None:
        raise ModelError(
            f"the function {name!r} is stored by lmfit 1.x as code, which is not executed; give it with "
            f"funcdefs={{{name!r}: ...}}"
        )
    return lookup.imported(path)


def _reference(value: str) -> str | None:
    """Module and name of a function, if its pickle says no more than that."""
    try:
        steps = list(pickletools.genops(base64.b64decode(value)))
    except ValueError:
        return None
    words = [str(argument) for opcode, argument, _ in steps if opcode.name in _WORDS]
    names = {opcode.name for opcode, _, _ in steps}
    if names <= _REFERENCE and "STACK_GLOBAL" in names and len(words) == 2:
        return ":".join(words)
    return None


def _unreadable(error: Exception) -> ModelError:
    return ModelError(f"the file of lmfit 1.x cannot be read: {type(error).__name__}: {error}")


_WORDS = frozenset(("SHORT_BINUNICODE", "BINUNICODE"))
#: What a pickle of nothing but a reference to a function consists of.
_REFERENCE = _WORDS | {"PROTO", "FRAME", "MEMOIZE", "STACK_GLOBAL", "STOP"}
