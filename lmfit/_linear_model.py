"""Which parameters a model is linear in, from the functions and operators that it is made of.

A line shape knows its linear parameters.  A sum is linear in those of all its terms, a product in those of
one factor, a quotient in those of the dividend.  Of other functions and operators nothing is known: their
parameters have to be tried.
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeAlias

from . import lineshapes
from ._linearity import Linearity
from .parameter import Parameters

__all__ = ["Roles", "linearity", "roles"]

#: By name of the parameter: empty where the model is linear in it; why it is not; None where nobody knows.
Roles: TypeAlias = dict[str, str | None]
_LINEAR = ""


def roles(model: Any, free: Collection[str]) -> Roles:
    """Return which of its parameters a model is linear in, all at once.

    Parameters
    ----------
    model : Model
        Or CompositeModel.
    free : collection of str
        Names of those that may vary: of two factors the one with more of them is the linear one.

    Examples
    --------
    >>> from lmfit.model import Model
    >>> from lmfit.lineshapes import gaussian, linear
    >>> model = Model(gaussian) + Model(linear)
    >>> found = roles(model, model.param_names)
    >>> [name for name, reason in found.items() if reason == ""], found["sigma"]
    (['amplitude', 'slope', 'intercept'], 'gaussian is not linear in it')
    """
    if not hasattr(model, "op") or model._evaluates_itself:
        return _of_function(model)
    if model.op in (operator.add, operator.sub):
        found: Roles = {}
        for term in _terms(model):
            found |= roles(term, free)
        return found
    left, right = roles(model.left, free), roles(model.right, free)
    if model.op is operator.mul:
        return _of_product(left, right, free)
    if model.op is operator.truediv:
        return left | {name: reason or "it is in the divisor of a quotient" for name, reason in right.items()}
    return {name: reason or None for name, reason in (left | right).items()}


def linearity(roles: Mapping[str, str | None], params: Parameters) -> Linearity:
    """Return what the roles of a model's parameters say of the variables.

    A variable that others are tied to, or that is none of the model's, has to be tried: it may
    be in proportion to them.

    Examples
    --------
    >>> from lmfit import create_params
    >>> params = create_params(a=1, b=2, c={"expr": "2 * a"}, d=1, e={"expr": "d"})
    >>> found = linearity({"a": "", "b": "", "c": "", "e": "it is an exponent"}, params)
    >>> found.linear, found.unknown, found.reasons
    (('b',), ('a',), {'d': "'e', which is tied to it: it is an exponent"})
    """
    followers = _followers(roles, params)
    linear, unknown, reasons = [], [], {}
    for name, others in followers.items():
        told = [
            reason
            for reason in (roles.get(name), *(_of_follower(roles, other) for other in others))
            if reason
        ]
        if told:
            reasons[name] = told[0]
        elif name not in roles and not others:
            reasons[name] = "the model does not depend on it"
        elif others or roles[name] is None:
            unknown.append(name)
        else:
            linear.append(name)
    return Linearity(tuple(linear), tuple(unknown), reasons)


def _of_function(model: Any) -> Roles:
    """The roles of a model with a function of its own."""
    try:
        known = lineshapes.with_derivatives(model.func) is not None and not model._evaluates_itself
        linear = lineshapes.linear_parameters(model.func)
    except TypeError:  # it cannot be hashed
        known, linear = False, ()
    if not known:
        return dict.fromkeys(model.param_names)
    return {
        name: _LINEAR if root in linear else f"{model._name} is not linear in it"
        for name, root in zip(model.param_names, model._param_root_names or ())
    }


def _of_product(left: Roles, right: Roles, free: Collection[str]) -> Roles:
    def linear(found: Roles) -> list[str]:
        return [name for name, reason in found.items() if reason == _LINEAR and name in free]

    one, other = (left, right) if len(linear(left)) >= len(linear(right)) else (right, left)
    if linear(one):
        factor = f"it multiplies {linear(one)[0]!r}, which is solved"
        other = {name: factor if reason == _LINEAR else reason for name, reason in other.items()}
    found = one | other
    return {name: found[name] for name in (*left, *right)}


def _terms(model: Any) -> Iterator[Any]:
    """The terms of a sum or difference, without recursion: sums can be long chains."""
    stack = [model]
    while stack:
        part = stack.pop()
        if getattr(part, "op", None) in (operator.add, operator.sub) and not part._evaluates_itself:
            stack += [part.right, part.left]
        else:
            yield part


def _followers(roles: Mapping[str, str | None], params: Parameters) -> dict[str, list[str]]:
    """For each variable the parameters of the model that are tied to it."""
    followers: dict[str, list[str]] = {name: [] for name, par in params.items() if par.vary}
    tied = [name for name in roles if params[name].expr]
    for name in tied:
        for used in params._compiled().dependencies(name):
            if used in followers:
                followers[used].append(name)
    return followers


def _of_follower(roles: Mapping[str, str | None], name: str) -> str:
    return f"{name!r}, which is tied to it: {roles[name]}" if roles[name] else ""
