"""Global models and results as JSON: the format of `_model_json`, with a model for each data set.

A result holds the data of each data set, parameters, settings and statistics.  Curves are evaluated when they
are asked for, so that reading calls no function of the models.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
from collections.abc import Mapping
from typing import Any

from ._fit_data import FitData
from ._model_json import (
    GLOBAL_MODEL,
    GLOBAL_RESULT,
    VERSION,
    assembled,
    found_of,
    parts_of,
    plain_ones,
    unreadable,
)
from .errors import ModelError
from .jsonutils import Lookup, decode4js, encode4js
from .parameter import Parameters
from .result import MinimizerResult

__all__ = ["dumps", "dumps_result", "model", "result"]


#: Settings of the Minimizer; not stored is `iter_cb`.
_SETTINGS = ("scale_covar", "calc_covar", "max_nfev", "timeout", "progress", "nan_policy")


def dumps(model: Any, trusted: bool = False, **kws: Any) -> str:
    """Return a global model as JSON text; `trusted` allows functions to be stored as code."""
    return json.dumps(
        {"format": GLOBAL_MODEL, "version": VERSION, **_models(model, trusted)}, allow_nan=False, **kws
    )


def dumps_result(result: Any, trusted: bool = False, **kws: Any) -> str:
    """Return the result of a global fit as JSON text."""
    how = result._how
    settings = {name: how.settings[name] for name in _SETTINGS}
    data = {
        "format": GLOBAL_RESULT,
        "version": VERSION,
        **_models(result.model, trusted),
        "params": json.loads(result.params.dumps()),
        "init_params": json.loads(result.init_params.dumps()),
        "names": result._names,
        "method": how.method,
        "settings": plain_ones(settings, "settings", trusted),
        "options": plain_ones(how.options, "options", trusted),
        "data": {key: encode4js(_fields(of), trusted) for key, of in result._fit_data.items()},
        "fit": plain_ones(found_of(result.result), "results", trusted),
        "ci_out": encode4js(result.ci_out, trusted),
    }
    return json.dumps(data, allow_nan=False, **kws)


def model(stored: Mapping[str, Any], lookup: Lookup) -> Any:
    """Return a global model from what a file says of it.

    Raises
    ------
    ModelError
        A function cannot be found, or the file is damaged.
    """
    try:
        models = {key: assembled({"parts": parts}, lookup) for key, parts in stored["models"].items()}
        return _class("global_model", "GlobalModel")(models, stored["shared"])
    except (KeyError, TypeError, AttributeError) as error:
        raise unreadable(f"{type(error).__name__}: {error}") from error


def result(stored: Mapping[str, Any], lookup: Lookup) -> Any:
    """Return the result of a global fit from what a file says of it.

    Raises
    ------
    ModelError
        A function cannot be found, or the file is damaged.
    """
    whole = model(stored, lookup)
    try:
        fit_data = {key: FitData(**decode4js(of, lookup)) for key, of in stored["data"].items()}
        params, start = (Parameters().loads(json.dumps(stored[name])) for name in ("params", "init_params"))
        found = MinimizerResult(params=params, **decode4js(stored["fit"], lookup))
        settings = decode4js(stored["settings"], lookup)
        settings = {"iter_cb": None, **{name: settings[name] for name in _SETTINGS}}
        how = _class("_global_result", "Search")(
            stored["method"], settings, decode4js(stored["options"], lookup)
        )
        names = {key: dict(stored["names"][key]) for key in whole.models}
        ci_out = decode4js(stored["ci_out"], lookup)
        made = _class("_global_result", "GlobalResult")._restored
        return made(whole, start, names, fit_data, how, found, ci_out)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        if isinstance(error, ModelError):
            raise
        raise unreadable(f"{type(error).__name__}: {error}") from error


def _models(model: Any, trusted: bool) -> dict[str, Any]:
    """What a global model was made of."""
    if not all(isinstance(key, str) for key in model.models):
        raise ModelError(
            "a global model cannot be stored unless the names of its data sets are text; they are "
            f"{', '.join(map(repr, model.models))}"
        )
    parts = {key: parts_of(of_one, trusted) for key, of_one in model.models.items()}
    return {"models": parts, "shared": model.shared}


def _class(module: str, name: str) -> Any:
    """A class of a module that stands further down."""
    return getattr(importlib.import_module(f"lmfit.{module}"), name)


def _fields(fit_data: FitData) -> dict[str, Any]:
    return {entry.name: getattr(fit_data, entry.name) for entry in dataclasses.fields(fit_data)}
