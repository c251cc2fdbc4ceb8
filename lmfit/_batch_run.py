"""Many pieces of work: one after the other, or by the workers of an executor.

Whoever does the work, the results stand where their data stand.  At most a few pieces wait at any time, so
that memory does not grow with their number.  An interruption from the keyboard ends the work and keeps what
is finished; a worker that dies takes with it no more than its pieces.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._batch_piece import Filled
from ._batch_table import MESSAGES, Layout, Outcome, succeeded
from ._derivatives import Array
from .errors import MinimizerException

__all__ = ["Task", "check", "portable", "spans", "work_off"]

Span = tuple[int, int]

#: Bytes of the data of a piece, and limits of the number of its fits.
_BYTES, _FEWEST, _MOST = 8e6, 64, 16384
#: An executor gets at least this many pieces, if they can be made.
_PIECES = 16


@dataclass(frozen=True)
class Task:
    """What is to be done with each piece.

    Attributes
    ----------
    work : callable
        ``work(plan, piece) -> Filled``; a function that can be imported.
    plan : object
        What all pieces have in common.
    piece : callable
        ``piece(first, end)`` cuts one out.
    layout : Layout
    shape : tuple of int
        Of the fits.
    raising : bool
        Whether a failed fit is an error.
    """

    work: Callable[[Any, Any], Filled]
    plan: Any
    piece: Callable[[int, int], Any]
    layout: Layout
    shape: tuple[int, ...]
    raising: bool = False


@dataclass(frozen=True)
class _Collected:
    """The table of all fits, and texts on single ones, as they come in."""

    task: Task
    table: Array
    texts: dict[int, str] = field(default_factory=dict)

    def add(self, span: Span, filled: Filled) -> None:
        first, end = span
        self.table[first:end] = filled.table
        self.texts.update({first + row: text for row, text in filled.texts.items()})
        if self.task.raising:
            check(filled, self.task.layout, first, self.task.shape)


def check(filled: Filled, layout: Layout, first: int, shape: tuple[int, ...]) -> None:
    """Raise an error if any fit of a piece has failed.

    Parameters
    ----------
    filled : Filled
    layout : Layout
    first : int
        Number of the first fit of the piece.
    shape : tuple of int
        Of all fits.
    """
    status = filled.table[:, layout.status]
    bad = np.flatnonzero(~succeeded(status))
    if len(bad):
        row = int(bad[0])
        where = [int(i) for i in np.unravel_index(first + row, shape)] if shape else []
        text = filled.texts.get(row)
        reason = MESSAGES[int(status[row])] + (f" ({text})" if text else "")
        raise MinimizerException(f"fit {where} failed: {reason}; errors='nan' keeps the other fits")


def spans(count: int, bytes_each: int, chunk: int | None, parallel: bool) -> list[Span]:
    """Divide `count` fits into pieces.

    Parameters
    ----------
    count : int
    bytes_each : int
        Size of the data of a fit.
    chunk : int or None
        Number of fits of a piece.
    parallel : bool
        Whether there should be several pieces even of few data.

    Examples
    --------
    >>> spans(10, 100, 4, False)
    [(0, 4), (4, 8), (8, 10)]
    """
    if chunk is None:
        chunk = int(np.clip(_BYTES / max(1, bytes_each), _FEWEST, _MOST))
        if parallel:
            chunk = max(min(chunk, -(-count // _PIECES)), _FEWEST)
    return [(first, min(first + chunk, count)) for first in range(0, count, chunk)]


def work_off(
    task: Task, parts: Sequence[Span], executor: Executor | None = None, progress: bool = False
) -> tuple[Array, dict[int, str]]:
    """Do all pieces and return the table (m, k) and the texts by the number of the fit.

    Raises
    ------
    MinimizerException
        A fit failed, and that is an error.
    """
    count = parts[-1][1] if parts else 0
    found = _Collected(task, task.layout.failed(count, Outcome.INTERRUPTED))
    with _bar(progress, count) as advance:
        try:
            for span, filled in (
                _serial(task, parts) if executor is None else _parallel(task, parts, executor)
            ):
                interrupted = (filled.table[:, task.layout.status] == Outcome.INTERRUPTED).any()
                if interrupted and task.raising:
                    raise KeyboardInterrupt
                found.add(span, filled)
                advance(span[1] - span[0])
                if interrupted:
                    break
        except KeyboardInterrupt:
            if task.raising:
                raise
    return found.table, found.texts


def _serial(task: Task, parts: Sequence[Span]) -> Iterator[tuple[Span, Filled]]:
    for span in parts:
        yield span, task.work(task.plan, task.piece(*span))


def _parallel(task: Task, parts: Sequence[Span], executor: Executor) -> Iterator[tuple[Span, Filled]]:
    """Results as they come, from an executor that is never given many pieces at once."""
    plan = portable(task.plan)
    most = 2 * (getattr(executor, "_max_workers", None) or os.cpu_count() or 4)
    pending: dict[Future[Filled], Span] = {}
    waiting = iter(parts)
    try:
        while True:
            while len(pending) < most and (span := next(waiting, None)) is not None:
                pending[_submitted(executor, task, plan, span)] = span
            if not pending:
                return
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                span = pending.pop(future)
                yield span, _received(future, task.layout, span)
    finally:
        for future in pending:
            future.cancel()


def _submitted(executor: Executor, task: Task, plan: Any, span: Span) -> Future[Filled]:
    try:
        return executor.submit(_work, task.work, plan, task.piece(*span))
    except BrokenExecutor as error:
        broken: Future[Filled] = Future()
        broken.set_exception(error)
        return broken


def _received(future: Future[Filled], layout: Layout, span: Span) -> Filled:
    """The result of a piece, or, if its worker has died, fits that have failed."""
    try:
        return future.result()
    except Exception as error:
        # Dask gives up on work that has killed several workers.
        if not isinstance(error, BrokenExecutor) and type(error).__name__ != "KilledWorker":
            raise
        rows = span[1] - span[0]
        return Filled(layout.failed(rows, Outcome.WORKER_DIED), dict.fromkeys(range(rows), str(error)))


def _work(work: Callable[[Any, Any], Filled], plan: Any, piece: Any) -> Filled:
    """What a worker runs."""
    return work(pickle.loads(plan) if isinstance(plan, bytes) else plan, piece)  # noqa: S301 - made by portable


def portable(plan: Any) -> Any:
    """The plan as bytes, so that each worker, also a thread, has one of its own.

    Functions that cannot be imported go by the package cloudpickle, if it is there; without it what cannot
    be sent is still of use to threads.
    """
    try:
        return pickle.dumps(plan)
    except Exception as reason:  # noqa: BLE001 - objects of the user may raise anything
        try:
            import cloudpickle
        except ImportError:
            return plan
        try:
            return cloudpickle.dumps(plan)
        except Exception:  # noqa: BLE001 - the same
            raise MinimizerException(
                f"the model or objective cannot be sent to other processes ({reason}); define its "
                "function in a module, or leave out the executor"
            ) from reason


@contextmanager
def _bar(progress: bool, count: int) -> Iterator[Callable[[int], Any]]:
    """A bar over the fits, if it is wanted."""
    if not progress:
        yield lambda _: None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        raise ImportError("progress=True needs the package tqdm: pip install 'lmfit[progress]'") from error
    with tqdm(total=count, desc="fit_many", unit=" fits") as bar:
        yield bar.update
