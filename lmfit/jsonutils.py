"""Data and functions as JSON, and what may be looked up when they are read.

Data are written as `lmfit._plain_data` describes; here come pandas and xarray, and functions.  A
function is written as its import path, ``{"__class__": "Import", "value": "module:name"}``.

A file may come from anybody, and a path in it may name any function there is.  So, unless the file is
trusted, nothing is imported, and only what cannot do harm by being a model is looked up: line shapes and
models of lmfit, and functions of modules that are the user's own, neither Python's nor installed packages',
and have been imported already.  For a trusted file modules are imported, and functions without a path are
read by the package cloudpickle, which executes whatever the file says.
"""

from __future__ import annotations

import base64
import importlib
import inspect
import sys
import sysconfig
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ._plain_data import PlainDataError, decoded, encoded
from .errors import ModelError, close_matches

__all__ = [
    "Lookup",
    "decode4js",
    "encode4js",
    "encode_function",
    "find_importer",
    "import_from",
    "import_path",
]

_TAG = "__class__"
#: Modules of lmfit whose functions may be looked up: they compute, and do nothing else.
_HARMLESS = ("lmfit.lineshapes", "lmfit.models", "lmfit.utilfuncs")


def encode4js(obj: Any, trusted: bool = False) -> Any:
    """Return an object as what `json` can write.

    Parameters
    ----------
    obj : object
        Plain data, arrays, a pandas Series or DataFrame, an xarray DataArray, a function or a class, and
        lists, tuples and dictionaries of these.
    trusted : bool, optional
        Whether a function without import path may be written as a pickle, which only a reader who
        trusts the file can read.

    Returns
    -------
    object
        Of numbers, strings, None, lists and dictionaries.

    Raises
    ------
    TypeError
        It is something else.
    ModelError
        A function has no import path.

    Examples
    --------
    >>> encode4js({"shape": (2, 3)})
    {'shape': {'__class__': 'Tuple', 'value': [2, 3]}}
    >>> encode4js(np.sqrt)
    {'__class__': 'Import', 'value': 'numpy:sqrt'}
    """
    if isinstance(obj, (list, tuple)) or (isinstance(obj, Mapping) and not hasattr(obj, "columns")):
        return _encoded_collection(obj, trusted)
    for name, encode in _LABELLED.items():
        if type(obj).__name__ == name:
            return {_TAG: name, **encode(obj)}
    if callable(obj) and not isinstance(obj, np.generic):
        return encode_function(obj, trusted)
    return encoded(obj)


def decode4js(obj: Any, lookup: Lookup | None = None) -> Any:
    """Return what `encode4js` was given.

    Parameters
    ----------
    obj : object
        What `json` has read.
    lookup : Lookup, optional
        Where functions are looked up; by default nothing that the file brings along is trusted.

    Returns
    -------
    object
        Equal to the one that was encoded.

    Raises
    ------
    ModelError
        A function cannot be found.
    PlainDataError
        It is something else.

    Examples
    --------
    >>> decode4js(encode4js({"shape": (2, 3)}))
    {'shape': (2, 3)}
    """
    lookup = lookup or Lookup()
    if isinstance(obj, list):
        return [decode4js(item, lookup) for item in obj]
    if not isinstance(obj, dict):
        return obj
    kind = obj.get(_TAG)
    if kind is None:
        return {key: decode4js(item, lookup) for key, item in obj.items()}
    try:
        if kind in ("Tuple", "List"):
            items = [decode4js(item, lookup) for item in obj["value"]]
            return tuple(items) if kind == "Tuple" else items
        if kind in ("Mapping", "Dict"):
            table = obj["value"] if kind == "Mapping" else {key: obj[key] for key in obj if key != _TAG}
            return {key: decode4js(item, lookup) for key, item in table.items()}
        if kind in ("Import", "Pickle"):
            return lookup.function(obj)
        if kind in _RELABELLED:
            return _RELABELLED[kind](obj)
    except (KeyError, TypeError, AttributeError) as error:
        raise PlainDataError(f"{obj!r:.80} is no stored {kind}") from error
    return decoded(obj)


def encode_function(func: Callable[..., Any], trusted: bool = False) -> dict[str, Any]:
    """Return the import path of a function, or if `trusted` its pickle where it has none.

    Parameters
    ----------
    func : callable
        A function or a class.
    trusted : bool, optional
        Whether a pickle may be written.

    Returns
    -------
    dict
        As it stands in files.

    Raises
    ------
    ModelError
        It has no import path, and is not trusted.

    Examples
    --------
    >>> encode_function(np.sqrt)
    {'__class__': 'Import', 'value': 'numpy:sqrt'}
    """
    path = import_path(func)
    if path is not None:
        return {_TAG: "Import", "value": path}
    if not trusted:
        raise ModelError(
            f"the function {_name(func)!r} cannot be imported by its name, like any lambda; define it with "
            "def at the top of a module, or save with trusted=True, which stores its code"
        )
    pickled = base64.b64encode(_cloudpickle().dumps(func)).decode("ascii")
    return {_TAG: "Pickle", "__name__": _name(func), "value": pickled}


def import_path(obj: Any) -> str | None:
    """Return ``"module:name"`` of a function or class that can be imported so, else None.

    Parameters
    ----------
    obj : object
        A function or a class.

    Returns
    -------
    str or None
        None where an import would not give the same object.

    Examples
    --------
    >>> import_path(import_path), import_path(lambda: 0)
    ('lmfit.jsonutils:import_path', None)
    """
    module, name = find_importer(obj), getattr(obj, "__qualname__", getattr(obj, "__name__", None))
    if module is None or name is None:
        return None
    found = _walk(sys.modules.get(module), name)
    return f"{module}:{name}" if found is obj else None


def find_importer(obj: Any) -> str | None:
    """Return the name of the module that a function or class is imported from, None where it is not known.

    Parameters
    ----------
    obj : object
        A function or a class.

    Returns
    -------
    str or None
        The module in which its own name stands for it.

    Examples
    --------
    >>> find_importer(np.sqrt)
    'numpy'
    """
    module = getattr(obj, "__module__", None)
    name = getattr(obj, "__name__", None)
    if module is None and isinstance(obj, np.ufunc):
        module = "numpy" if getattr(np, str(name), None) is obj else "scipy.special"
    return module


def import_from(modulepath: str, objectname: str) -> Any:
    """Import a module and return an object in it; only for names that do not come from a file.

    Parameters
    ----------
    modulepath : str
        Name of the module.
    objectname : str
        Name of the object in it.

    Returns
    -------
    object
        What stands there.

    Examples
    --------
    >>> import_from("math", "hypot")(3.0, 4.0)
    5.0
    """
    return _walk(importlib.import_module(modulepath), objectname)


@dataclass(frozen=True)
class Lookup:
    """Where the functions that a file names are looked up.

    Attributes
    ----------
    funcdefs : mapping
        Functions that the user gives, by name or import path; they come first.
    trusted : bool
        Whether the file may have modules imported and code executed.

    Examples
    --------
    >>> Lookup(funcdefs={"double": lambda x: 2 * x}).function({"__class__": "Import", "value": "double"})(4)
    8
    >>> Lookup().imported("lmfit.lineshapes:gaussian").__name__
    'gaussian'
    """

    funcdefs: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    trusted: bool = False

    def function(self, stored: Mapping[str, Any]) -> Any:
        """Return a function that `encode_function` has written.

        Parameters
        ----------
        stored : mapping
            What `encode_function` returned.

        Returns
        -------
        callable
            The function or class.

        Raises
        ------
        ModelError
            It may not be looked up, or is not there.
        """
        if stored[_TAG] == "Import":
            return self.imported(str(stored["value"]))
        name = str(stored.get("__name__"))
        if name in self.funcdefs:
            return self.funcdefs[name]
        if not self.trusted:
            raise ModelError(
                f"the function {name!r} is stored as code, which is not executed; give it with "
                f"funcdefs={{{name!r}: ...}}, or load with trusted=True if you know where the file comes from"
            )
        return _cloudpickle().loads(base64.b64decode(stored["value"]))

    def imported(self, path: str, base: type | None = None) -> Any:
        """Return the function or class of an import path.

        Parameters
        ----------
        path : str
            ``"module:name"``.
        base : type, optional
            For a class: what it must be derived from.

        Returns
        -------
        callable
            The function or class.

        Raises
        ------
        ModelError
            It may not be looked up, or is not there.
        """
        module, _, name = path.partition(":")
        last = name.rpartition(".")[2]
        for key in (path, last):
            if key in self.funcdefs:
                return self.funcdefs[key]
        if not (self.trusted or _may_be_used(module, base)):
            raise ModelError(
                f"{last!r} of the module {module!r} is not looked up, because a file could name anything; "
                "import your own module before loading, or give the function with "
                f"funcdefs={{{last!r}: ...}}, or load with trusted=True if you know where the file comes from"
            )
        found = _walk(_module(module, self.trusted), name)
        if not self.trusted and not _is_made_in(found, module, base):
            raise ModelError(f"{path!r} is no function{' or model' if base else ''} that this module defines")
        if found is None:
            known = dir(sys.modules[module])
            raise ModelError(
                f"the module {module!r} has no {name!r}{close_matches(last, known)}; was it renamed?"
            )
        return found


def _encoded_collection(obj: Any, trusted: bool) -> Any:
    if isinstance(obj, list):
        return [encode4js(item, trusted) for item in obj]
    if isinstance(obj, tuple):
        return {_TAG: "Tuple", "value": [encode4js(item, trusted) for item in obj]}
    if not all(isinstance(key, str) for key in obj):
        raise TypeError("a dictionary with keys other than text is no plain data")
    table = {key: encode4js(item, trusted) for key, item in obj.items()}
    return {_TAG: "Mapping", "value": table} if _TAG in table else table


def _name(func: Any) -> str:
    return str(getattr(func, "__name__", type(func).__name__))


def _walk(module: Any, name: str) -> Any:
    """The object of a dotted name in a module, None where there is none."""
    found = module
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _module(name: str, trusted: bool) -> types.ModuleType:
    if trusted or name.partition(".")[0] == "lmfit":
        try:
            return importlib.import_module(name)
        except ImportError as error:
            raise ModelError(f"the module {name!r} cannot be imported: {error}") from error
    return sys.modules[name]


def _may_be_used(module: str, base: type | None) -> bool:
    """Whether functions, or models, of a module may be looked up for a file that is not trusted."""
    if module.partition(".")[0] == "lmfit":
        return module in _HARMLESS or (base is not None and module in ("lmfit.model", "lmfit.globalfit"))
    loaded = sys.modules.get(module)
    if loaded is None or module.partition(".")[0] in sys.stdlib_module_names - {"__main__"}:
        return False
    file = getattr(loaded, "__file__", None)
    if file is None:  # the prompt, or a notebook
        return module == "__main__"
    path = Path(file).resolve()
    return not any(path.is_relative_to(folder) for folder in _installed())


def _installed() -> list[Path]:
    """The folders of packages that are installed."""
    return [Path(sysconfig.get_path(key)).resolve() for key in ("stdlib", "platstdlib", "purelib", "platlib")]


def _is_made_in(found: Any, module: str, base: type | None) -> bool:
    """Whether an object is a plain function, or a class derived from `base`, of that very module."""
    if getattr(found, "__module__", None) != module:
        return False
    if inspect.isclass(found):
        return base is not None and issubclass(found, base)
    return base is None and isinstance(found, types.FunctionType)


def _cloudpickle() -> Any:
    try:
        import cloudpickle
    except ImportError as error:
        raise ImportError(
            "functions are stored as code by the package cloudpickle: pip install cloudpickle"
        ) from error
    return cloudpickle


def _encoded_values(column: Any) -> dict[str, Any]:
    """Labels, or values of a table, as numbers or text, with their type."""
    values = np.asarray(column)
    if values.dtype.kind in "biufc":
        return {"values": encoded(values), "dtype": values.dtype.name}
    return {
        "values": [str(item) for item in values.ravel()],
        "dtype": values.dtype.str if values.dtype.kind in "mM" else "O",
    }


def _decoded_values(stored: Mapping[str, Any]) -> Any:
    values = decoded(stored["values"])
    dtype = np.dtype(stored["dtype"])
    return np.array(values, dtype=dtype)


def _encoded_index(index: Any) -> dict[str, Any]:
    return {**_encoded_values(index), "name": _plain_label(index.name)}


def _series(obj: Any) -> dict[str, Any]:
    values = _encoded_values(obj.to_numpy())
    return {"index": _encoded_index(obj.index), "name": _plain_label(obj.name), "value": values}


def _frame(obj: Any) -> dict[str, Any]:
    columns = [[_plain_label(name), _encoded_values(obj[name].to_numpy())] for name in obj.columns]
    return {"index": _encoded_index(obj.index), "value": columns}


def _data_array(obj: Any) -> dict[str, Any]:
    coords = {
        str(name): {
            "dims": [str(dim) for dim in coord.dims],
            **_encoded_values(coord),
            "shape": list(coord.shape),
        }
        for name, coord in obj.coords.items()
    }
    return {"dims": [str(dim) for dim in obj.dims], "coords": coords, "name": _plain_label(obj.name),
            "value": encoded(np.asarray(obj))}  # fmt: skip


def _plain_label(label: Any) -> Any:
    return label if label is None or isinstance(label, (int, float)) else str(label)


def _index_again(stored: Mapping[str, Any]) -> Any:
    import pandas as pd

    return pd.Index(_decoded_values(stored), name=stored["name"])


def _series_again(stored: Mapping[str, Any]) -> Any:
    import pandas as pd

    values = _decoded_values(stored["value"])
    return pd.Series(values, index=_index_again(stored["index"]), name=stored["name"])


def _frame_again(stored: Mapping[str, Any]) -> Any:
    import pandas as pd

    columns = {name: _decoded_values(column) for name, column in stored["value"]}
    return pd.DataFrame(columns, index=_index_again(stored["index"]))


def _data_array_again(stored: Mapping[str, Any]) -> Any:
    import xarray as xr

    coords = {
        name: (tuple(coord["dims"]), _decoded_values(coord).reshape(coord["shape"]))
        for name, coord in stored["coords"].items()
    }
    return xr.DataArray(decoded(stored["value"]), dims=stored["dims"], coords=coords, name=stored["name"])


_LABELLED: dict[str, Callable[[Any], dict[str, Any]]] = {
    "Series": _series,
    "DataFrame": _frame,
    "DataArray": _data_array,
}
_RELABELLED: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "Series": _series_again,
    "DataFrame": _frame_again,
    "DataArray": _data_array_again,
}
