"""A progress bar for a search: evaluations, lowest chi-square and rate.

The bar is a callback like the user's own, put before it, so that a search without a
bar costs nothing more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from scipy.linalg.blas import ddot

from ._derivatives import Array
from ._problem import Policy

__all__ = ["counted", "shown"]

_Item = TypeVar("_Item")


@contextmanager
def shown(policy: Policy, progress: Any, title: str) -> Iterator[Policy]:
    """Show the progress of a search that is watched by `policy`, if `progress` is true.

    Parameters
    ----------
    policy : Policy
        How the search is to be watched.
    progress : bool
        Whether to show a bar.
    title : str
        What stands before the bar.

    Yields
    ------
    Policy
        The one to be used for the search.

    Raises
    ------
    ImportError
        The package tqdm is missing.
    """
    if not progress:
        yield policy
        return
    total = policy.max_nfev if math.isfinite(policy.max_nfev) else None
    # Leaving the block closes the bar, however the search ends.
    with _tqdm()(total=total, desc=title, unit=" calls") as bar:
        yield replace(policy, iter_cb=_counting(bar, policy.iter_cb))


def counted(items: Iterable[_Item], progress: Any, total: int, title: str, unit: str) -> Iterator[_Item]:
    """Return `items` one by one, and show how many are done if `progress` is true.

    Parameters
    ----------
    items : iterable
    progress : bool
        Whether to show a bar.
    total : int
        Number of items.
    title : str
        What stands before the bar.
    unit : str
        What one item is.

    Raises
    ------
    ImportError
        The package tqdm is missing.
    """
    return iter(_tqdm()(items, total=total, desc=title, unit=f" {unit}s") if progress else items)


def _tqdm() -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        raise ImportError("progress=True needs the package tqdm: pip install 'lmfit[progress]'") from error
    return tqdm


def _counting(bar: Any, callback: Callable[..., Any] | None) -> Callable[..., Any]:
    """Return a callback that moves the bar and then calls that of the user."""
    lowest = math.inf

    def watch(params: Any, iteration: int, residual: Array, *args: Any, **kws: Any) -> Any:
        nonlocal lowest
        one = len(residual) == 1  # a number, which need not be a residual
        found = float(residual[0] if one else ddot(residual, residual))
        if found < lowest:
            lowest = found
            bar.set_postfix_str(f"{'value' if one else 'chi-square'} {lowest:.6g}", refresh=False)
        bar.update()
        return None if callback is None else callback(params, iteration, residual, *args, **kws)

    return watch
