"""Models and results as JSON: what they were made of, and what was found.

A model is a list of its parts in the order in which they are put together (postfix): each plain model
is one entry, and each composite one that takes the two models before it.  An entry of a model holds its
class, the arguments of its constructor and what was set later; functions are written as import paths
(see `lmfit.jsonutils`).  A result also holds its data, parameters, settings, statistics and curves, so
that reading it calls no function of the model.

Version 2 and earlier are those of lmfit 1.x, see `_json_1x`.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import operator
import os
import sys
import types
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import _json_1x
from ._files import replacing
from ._fit_data import FitData
from .errors import FitWarning, ModelError
from .jsonutils import Lookup, decode4js, encode4js, import_path
from .parameter import Parameters
from .result import MinimizerResult

__all__ = [
    "assembled", "check_file", "check_kind", "check_picklable", "checked", "dumps", "dumps_result",
    "found_of", "loads", "loads_result", "parsed", "parts_of", "plain_ones", "read", "unreadable", "write",
]  # fmt: skip

VERSION = 3
_MODEL, _RESULT = "lmfit model", "lmfit result of a model"
GLOBAL_MODEL, GLOBAL_RESULT = "lmfit global model", "lmfit result of a global model"
_FORMATS = (_MODEL, _RESULT, GLOBAL_MODEL, GLOBAL_RESULT)

#: The operators of composites, which need no import path.
_OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "**": "pow"}
_SETTINGS = (
    "method",
    "nan_policy",
    "scale_covar",
    "calc_covar",
    "max_nfev",
    "timeout",
    "coerce_farray",
    "fit_kws",
)
_CURVES = ("best_fit", "init_fit", "dely", "dely_predicted", "dely_comps", "ci_out")
_FOUND = tuple(entry.name for entry in dataclasses.fields(MinimizerResult) if entry.name != "params")


def dumps(model: Any, trusted: bool = False, **kws: Any) -> str:
    """Return a model as JSON text; `trusted` allows functions to be stored as code."""
    return json.dumps(
        {"format": _MODEL, "version": VERSION, "parts": parts_of(model, trusted)}, allow_nan=False, **kws
    )


def loads(text: str, funcdefs: Mapping[str, Any] | None = None, trusted: bool = False, **kws: Any) -> Any:
    """Return the model in JSON text, also of lmfit 1.x.

    Raises
    ------
    ModelError
        The text is no stored model, or a function of it cannot be found.
    """
    lookup = Lookup(funcdefs or {}, trusted)
    data = parsed(text, kws)
    if _json_1x.is_model(data):
        return _json_1x.model(data, lookup)
    stored = checked(data, _MODEL, GLOBAL_MODEL)
    return _of_global("model")(stored, lookup) if _is_global(stored) else assembled(stored, lookup)


def dumps_result(result: Any, trusted: bool = False, **kws: Any) -> str:
    """Return the result of a fit as JSON text."""
    fit_data: FitData = result._fit_data
    data = {
        "format": _RESULT,
        "version": VERSION,
        "parts": parts_of(result.model, trusted),
        "params": json.loads(result.params.dumps()),
        "init_params": json.loads(result.init_params.dumps()),
        "settings": plain_ones({name: getattr(result, name) for name in _SETTINGS}, "settings", trusted),
        "data": encode4js(
            {entry.name: getattr(fit_data, entry.name) for entry in dataclasses.fields(fit_data)}, trusted
        ),
        "values": encode4js({"best": result.best_values, "init": result.init_values}),
        "fit": plain_ones(found_of(result.result), "results", trusted),
        "curves": encode4js({name: getattr(result, name) for name in _CURVES}),
    }
    return json.dumps(data, allow_nan=False, **kws)


def found_of(result: MinimizerResult) -> dict[str, Any]:
    """Return what a fit found, without the parameters."""
    return {name: getattr(result, name) for name in _FOUND}


def loads_result(
    text: str, funcdefs: Mapping[str, Any] | None = None, trusted: bool = False, **kws: Any
) -> Any:
    """Return the result of a fit in JSON text, also of lmfit 1.x.

    Raises
    ------
    ModelError
        The text is no stored result, or a function of its model cannot be found.
    """
    lookup = Lookup(funcdefs or {}, trusted)
    data = parsed(text, kws)
    if _json_1x.is_result(data):
        return _json_1x.result(data, lookup)
    stored = checked(data, _RESULT, GLOBAL_RESULT)
    if _is_global(stored):
        return _of_global("result")(stored, lookup)
    try:
        model = assembled(stored, lookup)
        parts = {
            name: decode4js(stored[name], lookup) for name in ("settings", "data", "values", "fit", "curves")
        }
        params, start = (Parameters().loads(json.dumps(stored[name])) for name in ("params", "init_params"))
        found = MinimizerResult(params=params, **parts["fit"])
        result_class = sys.modules["lmfit._model_result"].ModelResult
        return result_class._restored(model, start, FitData(**parts["data"]), found, parts)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        if isinstance(error, ModelError):
            raise
        raise unreadable(f"{type(error).__name__}: {error}") from error


def check_file(file: Any, action: str, by_name: str) -> None:
    """Refuse what is no open file, such as the name of one."""
    if not hasattr(file, action):
        raise TypeError(f"an open file is needed to {action}, not {file!r:.80}; {by_name}() takes a name")


def check_kind(what: str, given: Any, *kinds: str) -> None:
    """Refuse what has no class of these names, a model or the result of one."""
    if not {cls.__name__ for cls in type(given).__mro__}.intersection(kinds):
        raise TypeError(f"{what} must be a {' or '.join(kinds)}, not {given!r:.80}")


def write(fname: str | Path, text: str) -> None:
    """Write text into a file, which is replaced once all is written."""
    _check_name(fname)
    with replacing(fname) as file:
        file.write(text.encode("utf-8"))


def read(fname: str | Path) -> str:
    """Return the text of a file."""
    _check_name(fname)
    try:
        return Path(fname).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise unreadable(f"{str(fname)!r} is no text file in UTF-8 ({error})") from error


def _check_name(fname: Any) -> None:
    if not isinstance(fname, (str, os.PathLike)):
        raise TypeError(f"fname must be the name of a file, not {fname!r:.80}")


def check_picklable(model: Any) -> None:
    """Refuse functions that `pickle` cannot find again, with a message that says so.

    Packages that store code, such as cloudpickle and dill, need no import path and are let pass.
    """
    args, kws = model._made_with
    lost = [
        item
        for item in (*args, *kws.values())
        if isinstance(item, types.FunctionType) and import_path(item) is None
    ]
    if lost and not _code_is_stored():
        raise ModelError(
            f"{model.name} cannot be pickled, and not be sent to another process: its function "
            f"{lost[0].__name__!r} cannot be imported by its name; define it with def at the top of a module"
        )


def _code_is_stored() -> bool:
    """Whether the pickler that is at work is one of those that store code."""
    frame: types.FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] in ("cloudpickle", "dill"):
            return True
        frame = frame.f_back
    return False


def parts_of(model: Any, trusted: bool) -> list[dict[str, Any]]:
    """Return what a model is made of, as it stands in files: each part after those that it consists of."""
    return [_part(part, trusted) for part in model._in_order()]


def _part(part: Any, trusted: bool) -> dict[str, Any]:
    """One entry of the list: a model, or what composes the two before it."""
    args, kws = part._made_with
    try:
        entry = {"class": _class_path(type(part)), "state": encode4js(part._state(), trusted)}
        if not part.is_composite:
            return {**entry, "args": encode4js(list(args), trusted), "kws": encode4js(kws, trusted)}
        sign = part._known_ops.get(part.op)
        return {**entry, "op": sign or encode4js(part.op, trusted)}
    except (TypeError, RecursionError) as error:
        raise ModelError(
            f"{part.name} cannot be stored: an argument that it was made with is no plain data ({error})"
        ) from error


def _class_path(cls: type) -> str:
    path = import_path(cls)
    if path is None:
        raise ModelError(
            f"the class {cls.__name__!r} cannot be imported by its name; define it at the top of a module"
        )
    return path


def assembled(stored: Mapping[str, Any], lookup: Lookup) -> Any:
    """Put the parts together again."""
    base = sys.modules["lmfit.model"].Model
    models: list[Any] = []
    try:
        for entry in stored["parts"]:
            cls = lookup.imported(entry["class"], base)
            if "op" in entry:
                right, left = models.pop(), models.pop()
                model = cls(left, right, _operator(entry["op"], lookup))
            else:
                args, kws = decode4js(entry["args"], lookup), decode4js(entry["kws"], lookup)
                _refuse_scripts(cls, args, kws, lookup)
                model = cls(*args, **kws)
            model.__dict__.update(_known_state(model, decode4js(entry["state"], lookup)))
            models.append(model)
        (whole,) = models
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        if isinstance(error, ModelError):
            raise
        raise unreadable(f"{type(error).__name__}: {error}") from error
    return whole


def _known_state(model: Any, state: dict[str, Any]) -> dict[str, Any]:
    unknown = state.keys() - model._state().keys()
    if unknown:
        raise unreadable(f"a model has no attribute {min(unknown)!r}")
    return state


def _refuse_scripts(cls: type, args: list[Any], kws: Mapping[str, Any], lookup: Lookup) -> None:
    """A script that runs when the model is made, by whatever argument it is given, is code of the file."""
    given = inspect.signature(cls).bind_partial(*args, **kws).arguments
    if given.get("init_script") and not lookup.trusted:
        raise ModelError(
            f"the stored {cls.__name__} has an init_script, which is code and is not executed; load with "
            "trusted=True if you know where the file comes from"
        )


def _operator(stored: Any, lookup: Lookup) -> Any:
    if isinstance(stored, str):
        return getattr(operator, _OPERATORS[stored])
    return decode4js(stored, lookup)


def plain_ones(values: Mapping[str, Any], what: str, trusted: bool) -> dict[str, Any]:
    """What can be stored, with a warning that names the rest."""
    stored, lost = {}, []
    for name, value in values.items():
        if isinstance(value, Mapping) and not hasattr(value, "columns"):
            stored[name] = plain_ones(value, what, trusted)
            continue
        try:
            stored[name] = encode4js(value, trusted)
        except (TypeError, ModelError, RecursionError):
            lost.append(name)
    if lost:
        names = ", ".join(map(repr, lost))
        warnings.warn(f"{what} {names} are no plain data and are not stored", FitWarning, stacklevel=5)
    return stored


def parsed(text: str, kws: dict[str, Any]) -> Any:
    """Return what JSON text holds."""
    if not isinstance(text, (str, bytes, bytearray)):
        raise unreadable(f"it must be given as text, not as {text!r:.80}")
    try:
        return json.loads(text, **kws)
    except (ValueError, RecursionError) as error:
        raise unreadable(f"the text is no valid JSON ({error})") from error


def checked(data: Any, *kinds: str) -> dict[str, Any]:
    """Return what a file holds, if it is of one of these kinds and of a version that is known."""
    if not isinstance(data, dict) or data.get("format") not in _FORMATS:
        raise unreadable("it was not written by dumps() or save_model()")
    if data["format"] not in kinds:
        raise unreadable(
            f"it holds an {data['format']}; use {'load_model' if _RESULT in kinds else 'load_modelresult'}()"
        )
    if data.get("version") != VERSION:
        raise unreadable(
            f"version {data.get('version')!r:.80} of the format is unknown (known: {VERSION}); update lmfit"
        )
    return data


def _is_global(stored: Mapping[str, Any]) -> bool:
    return stored["format"] in (GLOBAL_MODEL, GLOBAL_RESULT)


def _of_global(name: str) -> Any:
    """A function of the module that reads global models, which is loaded when there is one to read."""
    return getattr(importlib.import_module("lmfit._global_json"), name)


def unreadable(reason: str) -> ModelError:
    """Return the error that says why a file cannot be read."""
    return ModelError(f"the model cannot be read: {reason}")
