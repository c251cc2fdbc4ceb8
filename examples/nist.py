"""NIST's certified data sets for nonlinear regression, ready to be fitted.

The National Institute of Standards and Technology publishes 27 data sets, each with a model, two
starting points (the first far from the solution, the second nearer) and the solution to eleven
digits: https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml. They are in the public domain; the
file ``nist_strd.json`` beside this one holds them as published, but for the degrees of freedom: they follow
from the rest (NIST prints 9 for Rat43, yet its certified standard errors are those for 15 - 4 = 11).

>>> data = load("Misra1a")
>>> data.model
'b1*(1-exp(-b2*x))'
>>> data.certified
array([2.38942129e+02, 5.50156432e-04])

Run as a script, it prints the list of data sets.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

#: What the model texts may name besides their parameters and columns.
FUNCTIONS = {name: getattr(np, name) for name in ("arctan", "cos", "exp", "log", "pi", "sin")}

#: NIST certifies eleven significant digits.
MAX_DIGITS = 11.0


@dataclass(frozen=True)
class Dataset:
    """One data set with its certified solution.

    Attributes
    ----------
    name : str
        NIST's name of the data set.
    difficulty : str
        NIST's judgement: ``"lower"``, ``"average"`` or ``"higher"``.
    kind : str
        ``"observed"`` or ``"generated"``.
    model : str
        The model as a Python expression of ``b1``, ``b2``, ... and the names in `x`.
    x : dict of str to numpy.ndarray
        The independent variables, each of shape (n,).
    y : numpy.ndarray
        The response, shape (n,), transformed where NIST says so (the logarithm for Nelson).
    start1, start2 : numpy.ndarray
        The two starting points, shape (p,).
    certified, stderr : numpy.ndarray
        The certified values and standard errors of the parameters, shape (p,).
    rss, rsd : float
        The certified residual sum of squares and residual standard deviation.
    """

    name: str
    difficulty: str
    kind: str
    model: str
    x: dict[str, np.ndarray]
    y: np.ndarray
    start1: np.ndarray
    start2: np.ndarray
    certified: np.ndarray
    stderr: np.ndarray
    rss: float
    rsd: float

    @property
    def n(self) -> int:
        """Number of observations."""
        return self.y.size

    @property
    def dof(self) -> int:
        """Degrees of freedom, the number of observations less that of parameters."""
        return self.y.size - self.certified.size

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The names ``b1``, ``b2``, ... of the model."""
        return tuple(f"b{i}" for i in range(1, self.certified.size + 1))


def names() -> list[str]:
    """List the names of the data sets, the easier ones first."""
    return list(_file())


@functools.cache
def load(name: str) -> Dataset:
    """Return the data set called `name`.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    Dataset
        Shared between callers: do not write into its arrays.

    Raises
    ------
    KeyError
        If there is no such data set.
    """
    if name not in _file():
        raise KeyError(f"NIST has no data set {name!r}; choose one of {', '.join(names())}")
    entry = dict(_file()[name])
    columns = {key: np.array(values) for key, values in entry.pop("columns").items()}
    y = _evaluate(entry.pop("response"), columns)
    arrays: dict[str, Any] = {
        key: np.array(entry.pop(key)) for key in ("start1", "start2", "certified", "stderr")
    }
    return Dataset(name=name, x={key: columns[key] for key in columns if key != "y"}, y=y, **arrays, **entry)


def model(dataset: Dataset) -> Callable[[Any], np.ndarray]:
    """Return ``f(b)``, the residual (model - y) for a sequence `b` of values, as SciPy wants it.

    Far from the solution some models overflow: the infinities are returned, without a warning.
    """
    text = f"lambda {', '.join(dataset.parameter_names)}: {dataset.model}"
    curve, y = _evaluate(text, dataset.x), dataset.y

    def residual(b: Any) -> np.ndarray:
        with np.errstate(all="ignore"):
            return curve(*b) - y

    return residual


def residual(dataset: Dataset) -> Callable[[Any], np.ndarray]:
    """Return ``f(params)``, the residual (model - y) for parameters ``b1``, ``b2``, ..., for lmfit."""
    function, keys = model(dataset), dataset.parameter_names

    def objective(params: Any) -> np.ndarray:
        return function([params[key].value for key in keys])

    return objective


def digits(value: Any, certified: Any) -> Any:
    """Count the digits in which `value` agrees with `certified`.

    Parameters
    ----------
    value, certified : array_like
        What was found, and what is right (not zero).

    Returns
    -------
    numpy.ndarray or float
        NIST's log relative error, ``-log10(abs(value - certified) / abs(certified))``, between 0 and 11;
        0 where `value` is None or not finite.

    Examples
    --------
    >>> float(round(digits(3.1416, 3.1415926), 1))
    5.6
    """
    value, certified = np.asarray(value, dtype=float), np.asarray(certified, dtype=float)
    with np.errstate(all="ignore"):
        error = np.abs(value - certified) / np.abs(certified)
        agreement = np.where(np.isfinite(error), -np.log10(error), 0.0)
    return np.clip(agreement, 0.0, MAX_DIGITS)[()]


@functools.cache
def _file() -> dict[str, dict[str, Any]]:
    content = json.loads(Path(__file__).with_name("nist_strd.json").read_text(encoding="utf-8"))
    return content["data_sets"]


def _evaluate(text: str, variables: dict[str, np.ndarray]) -> Any:
    """Evaluate an expression of our own data file; as Python code it runs as fast as if written here."""
    return eval(text, {"__builtins__": {}, **FUNCTIONS, **variables})  # noqa: S307 (our own file)


def main() -> None:
    """Print the list of data sets."""
    print(f"{'name':10} {'difficulty':10} {'kind':10} {'n':>4} {'p':>2}  model")
    for data in map(load, names()):
        count = data.certified.size
        print(f"{data.name:10} {data.difficulty:10} {data.kind:10} {data.n:4} {count:2}  {data.model}")


if __name__ == "__main__":
    main()
