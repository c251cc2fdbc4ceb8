"""What of the state of the interpreter a library call could change, and a check that it has not."""

import contextlib
import decimal
import gc
import locale
import os
import random
import signal
import sys
import threading
import warnings

import numpy as np

#: Each gives something that can be compared with what it gave before.
OBSERVED = {
    "np.geterr": np.geterr,
    "np.geterrcall": np.geterrcall,
    "np.get_printoptions": np.get_printoptions,
    "np.random": lambda: repr([*map(list, np.random.get_state()[1:2]), *np.random.get_state()[2:]]),  # noqa: NPY002
    "random": random.getstate,
    "warnings.filters": lambda: list(warnings.filters),
    "warnings.showwarning": lambda: warnings.showwarning,
    "signal handlers": lambda: [signal.getsignal(number) for number in sorted(signal.valid_signals())],
    "recursion limit": sys.getrecursionlimit,
    "directory": os.getcwd,
    "environment": lambda: dict(os.environ),
    "sys.path": lambda: list(sys.path),
    "streams": lambda: (sys.stdout, sys.stderr, sys.stdin),
    "hooks": lambda: (
        sys.excepthook,
        sys.displayhook,
        sys.gettrace(),
        sys.getprofile(),
        threading.excepthook,
    ),
    "garbage collection": lambda: (gc.isenabled(), gc.get_threshold()),
    "decimal": lambda: str(decimal.getcontext()),
    "locale": lambda: locale.setlocale(locale.LC_ALL),
    "threads": lambda: {thread.name for thread in threading.enumerate()},
}


@contextlib.contextmanager
def unchanged():
    """Check that a block leaves all of it as it was."""
    before = {name: observe() for name, observe in OBSERVED.items()}
    yield
    after = {name: observe() for name, observe in OBSERVED.items()}
    assert {name for name in OBSERVED if after[name] != before[name]} == set()


@contextlib.contextmanager
def unusual():
    """Settings of a user who is not content with the defaults."""
    with (
        np.errstate(divide="ignore", over="ignore", under="ignore", invalid="ignore"),
        np.printoptions(precision=3, suppress=True),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", message="a filter of the user")
        random.seed(12)
        yield
