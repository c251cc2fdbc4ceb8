"""Start values for a model, from data: what `guess` of the models calls.

A model is a sum of functions, each of them linear in all its parameters (a constant, a polynomial) or a shape
that `_starts` knows.  Here the model is taken apart, the data are cleaned, `_matching` places the shapes, and
the amplitudes and coefficients follow by linear least squares.

A shape that is alone in its model may yet sit on a constant or a slope in the data, when the models of a sum
are guessed one by one.  So it is tried on these as well.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._derivatives import Array
from ._matching import place_all, place_alone
from ._starts import SHAPES, Shape, Tries
from .errors import MinimizerException
from .lineshapes import linear_parameters, with_derivatives
from .parameter import Parameters

__all__ = ["GuessError", "guessed"]

#: Curves are averaged down to about so many points for the trials.
_POINTS = 512


class GuessError(MinimizerException, ValueError):
    """Start values cannot be estimated from what was given."""


def guessed(model: Any, data: Any, x: Any, negative: bool, given: Mapping[str, Any]) -> Parameters:
    """Return Parameters of a model with start values estimated from data.

    Parameters
    ----------
    model : Model
        A single one, or a sum or difference of several.
    data : array_like
        Data; points that are not finite are left out, and the order is of no importance.
    x : array_like
        The first independent variable.
    negative : bool
        Whether a single peak must be a dip.  Without this it is what the data say.
    given : mapping
        Other independent variables, and values of parameters, which are kept.

    Returns
    -------
    lmfit.Parameters
        New ones.

    Raises
    ------
    GuessError
        There are no data, or a variable is missing or has another size.
    NotImplementedError
        It is not known how to guess for a function in the model.

    Examples
    --------
    >>> from lmfit.lineshapes import gaussian
    >>> from lmfit.model import Model
    >>> x = np.linspace(-5, 5, 101)
    >>> params = guessed(Model(gaussian), -gaussian(x, 3, 1, 0.5), x, False, {})
    >>> [round(value, 1) for value in params.valuesdict().values()]
    [-3.0, 1.0, 0.5]
    """
    leaves = list(_leaves(model))
    variables = _variables([leaf for _, leaf in leaves], x, given)
    values = {name: value for name, value in given.items() if name not in model.independent_vars}
    params: Parameters = model.make_params(**values)
    fixed = {
        *model._by_full_name(values),
        *(name for name, parameter in params.items() if not parameter.vary),
    }
    kept = {
        name: parameter.value for name, parameter in params.items() if name in fixed and not parameter.expr
    }
    parts = [_Part.of(leaf, sign, params, kept, negative, list(variables)) for sign, leaf in leaves]
    points, y = _cleaned(model, data, variables)
    with np.errstate(all="ignore"):
        placed, hidden = _placed(parts, points, y)
        _set(params, parts, placed, _coefficients(parts, placed, points, y, hidden))
    for name, value in kept.items():
        params[name].value = value
    return params


@dataclass(frozen=True)
class _Part:
    """One function of a sum, see `_matching.Part`.

    Attributes
    ----------
    model : Model
    sign : float
        1, or -1 if it is subtracted.
    known_shape : Shape or None
        How to try it; None if it is linear in all its parameters.
    linear : tuple of str
        Parameters, without prefix, to solve for.
    direction : float
        Sign that its curve must have, or 0.
    limits, kept : mapping
        Bounds of parameters, and values of those that are not to be changed.
    places : sequence of int
        Which of the independent variables are its own.
    kind : str
        The same for parts that can be exchanged.
    """

    model: Any
    sign: float
    known_shape: Shape | None
    linear: tuple[str, ...]
    direction: float
    limits: Mapping[str, tuple[float, float]]
    kept: Mapping[str, float]
    places: Sequence[int]
    kind: str

    @classmethod
    def of(
        cls,
        model: Any,
        sign: float,
        params: Parameters,
        kept: Mapping[str, float],
        negative: bool,
        variables: Sequence[str],
    ) -> _Part:
        """Read what is known about the function of a model."""
        roots, prefix = model._param_root_names, model.prefix
        linear = linear_parameters(model.func)
        shape = SHAPES.get(model.func)
        if shape is None and (set(linear) != set(roots) or not roots):
            raise NotImplementedError(
                f"{model.name} cannot guess start values, because its function is not known; give them to "
                "make_params()"
            )
        limits = {root: (params[prefix + root].min, params[prefix + root].max) for root in roots}
        own = {root: kept[prefix + root] for root in roots if prefix + root in kept}
        direction = 0.0
        if shape is not None and linear:
            low, high = limits[linear[0]]
            direction = -1.0 if negative or high <= 0.0 else float(low >= 0.0)
        places = [variables.index(name) for name in model.independent_vars if name in variables]
        kind = repr((model.func, model.opts, limits, own, sign, places))
        return cls(model, sign, shape, linear, sign * direction, limits, own, places, kind)

    @property
    def shape(self) -> Shape:
        """How to try it."""
        assert self.known_shape is not None
        return self.known_shape

    @property
    def freedom(self) -> int:
        """Number of values that are to be found, the amplitude not among them."""
        return len({*self.limits} - {*self.linear, *self.kept})

    @property
    def scaled(self) -> bool:
        """Whether it has an amplitude to solve for."""
        return bool(self.linear)

    def rows(self, points: Sequence[Array], tries: Tries) -> Array:
        """Return the curve of unit amplitude for each of the tries, as rows."""
        columns = {name: values[:, None] for name, values in tries.items()}
        found = self.model.func(
            *self._own(points), **{**dict.fromkeys(self.linear, 1.0), **columns}, **self.model.opts
        )
        count = len(next(iter(tries.values())))
        return np.broadcast_to(
            (1.0 if self.scaled else self.sign) * np.asarray(found), (count, len(points[0]))
        )

    def _own(self, points: Sequence[Array]) -> list[Array]:
        return [points[place] for place in self.places]

    def columns(self, points: Sequence[Array], size: int) -> Array:
        """Return one row for each parameter of a function that is linear in all of them."""
        both = with_derivatives(self.model.func)
        assert both is not None
        slopes = both(*self._own(points), *(0.0 for _ in self.linear), **self.model.opts)[1]
        return np.array([np.broadcast_to(slope, (size,)) for slope in slopes])

    def allowed(self, tries: Tries) -> Tries:
        """Return the tries within the bounds, with the values that are to be kept."""
        count = len(next(iter(tries.values())))
        inside = {
            name: np.clip(values, *self.limits.get(name, (-np.inf, np.inf))) for name, values in tries.items()
        }
        return {
            name: np.full(count, self.kept[name]) if name in self.kept else inside[name] for name in inside
        }


def _leaves(model: Any, sign: float = 1.0) -> Iterator[tuple[float, Any]]:
    """Return the terms of a sum with their signs."""
    op = getattr(model, "op", None)
    if op in {operator.add, operator.sub}:
        yield from _leaves(model.left, sign)
        yield from _leaves(model.right, sign if op is operator.add else -sign)
    elif op is not None:
        raise NotImplementedError(
            f"{model.name} cannot guess start values, because it is no sum; guess for its parts, as in "
            "model.left.guess(data, x=x), or give them to make_params()"
        )
    else:
        yield sign, model


def _variables(leaves: Sequence[Any], x: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the independent variables by name, without those that have a value or a default."""
    names = dict.fromkeys(name for leaf in leaves for name in leaf.independent_vars if name not in leaf.opts)
    # A shape cannot be found without its variables, also where some function has a default for one.
    needed = {name for leaf in leaves if leaf.func in SHAPES for name in leaf.independent_vars}
    optional = {name for leaf in leaves for name in leaf.independent_vars_defvals} - needed
    found = {name: given.get(name) for name in names}
    if found and x is not None:
        found[next(iter(found))] = x
    return {
        name: variable for name, variable in found.items() if variable is not None or name not in optional
    }


def _cleaned(model: Any, data: Any, variables: Mapping[str, Any]) -> tuple[tuple[Array, ...], Array]:
    """Return points and data that are finite, flat, and in the order of the first variable."""
    y = _flat(data, "the data", model)
    points = []
    for name, variable in variables.items():
        if variable is None:
            raise GuessError(
                f"{model.name}: guess() needs the independent variable {name!r}; give it, {name}=..."
            )
        points.append(_flat(variable, repr(name), model))
        if points[-1].size != y.size:
            raise GuessError(
                f"{model.name}: guess() needs one point for each datum, but {name!r} has shape "
                f"{np.shape(variable)} and the data have {np.shape(data)}"
            )
    good = np.logical_and.reduce([np.isfinite(each) for each in (y, *points)])
    if not good.any():
        raise GuessError(f"{model.name}: guess() needs data, but none of the {y.size} points is finite")
    order = np.argsort(points[0][good], kind="stable") if points else slice(None)
    return tuple(x[good][order].real for x in points), y[good][order]


def _flat(values: Any, what: str, model: Any) -> Array:
    """Return a flat array of numbers, with NaN for what is masked."""
    try:
        masked = np.ma.MaskedArray(values)
        kind = complex if masked.dtype.kind == "c" else float
        return np.asarray(np.ma.filled(masked.astype(kind), np.nan)).ravel()
    except (TypeError, ValueError) as error:
        raise GuessError(
            f"{model.name}: guess() needs numbers, but {what} are {values!r:.80} of type "
            f"{type(values).__name__}"
        ) from error


def _placed(parts: Sequence[_Part], points: tuple[Array, ...], y: Array) -> tuple[dict[int, Tries], Array]:
    """Return values for the shapes by place in the sum, and rows of a background that the model has not."""
    shapes = {k: part for k, part in enumerate(parts) if part.known_shape is not None}
    if not shapes:
        return {}, np.empty((0, len(y)))
    few_points, few_y = _averaged(points, y)
    first = next(iter(shapes))
    if len(parts) == 1 and parts[first].shape.background:
        tries, used = place_alone(parts[first], few_points, *_real(few_y, _hidden(few_points)))
        return {first: tries}, _hidden(points)[:used]
    background = _background(parts, few_points, few_y)
    found = place_all(list(shapes.values()), few_points, *_real(few_y, background))
    return dict(zip(shapes, found)), np.empty((0, len(y)))


def _averaged(points: tuple[Array, ...], y: Array) -> tuple[tuple[Array, ...], Array]:
    """Average neighbours on an axis with very many points; images are thinned out instead."""
    if len(points) > 1:
        every = max(1, len(y) // (16 * _POINTS))
        return tuple(x[::every] for x in points), y[::every]
    count = len(y) // _POINTS
    if count < 2:
        return points, y
    starts = np.arange(0, len(y), count)
    sizes = np.diff(np.append(starts, len(y)))
    return tuple(np.add.reduceat(x, starts) / sizes for x in points), np.add.reduceat(y, starts) / sizes


def _hidden(points: Sequence[Array]) -> Array:
    """Return rows of what may hide a shape: a constant, and on an axis a slope."""
    constant = np.ones_like(points[0])
    return np.array([constant]) if len(points) > 1 else np.array([constant, points[0] - points[0].mean()])


def _background(parts: Sequence[_Part], points: Sequence[Array], y: Array) -> Array:
    """Return the rows of all parts that are linear in all their parameters."""
    rows = [part.columns(points, len(y)) for part in parts if part.known_shape is None]
    return np.concatenate([np.empty((0, len(y))), *rows])


def _real(*arrays: Any) -> list[Array]:
    """Return the real parts followed by the imaginary ones, if any of the arrays has some."""
    if not any(array.dtype.kind == "c" for array in arrays):
        return list(arrays)
    return [np.concatenate([array.real, array.imag], axis=-1) for array in arrays]


def _coefficients(
    parts: Sequence[_Part], placed: Mapping[int, Tries], points: Sequence[Array], y: Array, hidden: Array
) -> list[Array]:
    """Solve for the linear parameters of all parts."""
    groups = [
        part.rows(points, placed[k])[: int(part.scaled)] if k in placed else part.columns(points, len(y))
        for k, part in enumerate(parts)
    ]
    rest = y - sum(parts[k].rows(points, tries)[0] for k, tries in placed.items() if not parts[k].scaled)
    rest, rows = _real(rest, np.concatenate([*groups, hidden]))
    sizes = np.sqrt((rows * rows).sum(axis=1))
    usable = np.where(np.isfinite(sizes) & (sizes > 0.0), sizes, np.inf)
    solved = np.linalg.lstsq(np.nan_to_num(rows / usable[:, None]).T, rest, rcond=1e-12)[0] / usable
    ends = np.cumsum([len(group) for group in groups])
    return [part.sign * found for part, found in zip(parts, np.split(solved[: ends[-1]], ends[:-1]))]


def _set(
    params: Parameters, parts: Sequence[_Part], placed: Mapping[int, Tries], coefficients: Sequence[Array]
) -> None:
    """Write the values into the Parameters."""
    for k, part in enumerate(parts):
        positive = part.known_shape.positive if part.known_shape is not None else ()
        found = {name: float(values[0]) for name, values in placed.get(k, {}).items()}
        found.update(zip(part.linear, map(float, coefficients[k])))
        for name, value in found.items():
            parameter = params.get(part.model.prefix + name)
            if parameter is not None and not parameter.expr:
                if name in positive and parameter.min == -np.inf:
                    parameter.min = 0.0
                parameter.value = value
