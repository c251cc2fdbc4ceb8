"""The public names of lmfit and their signatures, as text.

After a change that is meant, ``python tests/public_api.py`` writes it to ``golden/public_api.txt``.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lmfit

TARGET = Path(__file__).with_name("golden") / "public_api.txt"


def modules() -> list[str]:
    """Return the names of the public modules."""
    found = (info.name for info in pkgutil.iter_modules(lmfit.__path__))
    return ["lmfit", *(f"lmfit.{name}" for name in sorted(found) if not name.startswith("_"))]


def snapshot() -> str:
    """Return one line for each public name of each module, and for each member of each class."""
    return "\n".join(line for module in modules() for line in _module(module)) + "\n"


def _module(name: str) -> Iterator[str]:
    module = importlib.import_module(name)
    for public in sorted(module.__all__):
        member = getattr(module, public)
        home = getattr(member, "__module__", name)
        if name == "lmfit" or (home != name and "._" not in home):
            yield f"{name}.{public}"
            continue
        yield f"{name}.{public}{_described(member)}"
        if inspect.isclass(member):
            yield from (f"{name}.{public}.{line}" for line in _members(member))


def _members(cls: type) -> Iterator[str]:
    own = [base for base in cls.__mro__ if base.__module__.startswith("lmfit")]
    names = {name for base in own for name in vars(base) if not name.startswith("_")}
    for name in sorted(names):
        yield f"{name}{_described(inspect.getattr_static(cls, name))}"


def _described(member: Any) -> str:
    if isinstance(member, (staticmethod, classmethod)):
        member = member.__func__
    if inspect.ismodule(member):
        return ": module"
    if inspect.isclass(member) and issubclass(member, (BaseException, tuple, enum.Enum)):
        return f": {', '.join(base.__name__ for base in member.__bases__)}"
    return _signature(member) if callable(member) else ""


def _signature(function: Any) -> str:
    """Return the arguments with their defaults, without types."""
    made_by_init = inspect.isclass(function) and function.__init__ is not object.__init__
    # Python 3.10 would take the arguments of a class from its __new__.
    signature = inspect.signature(function.__init__ if made_by_init else function)
    plain = [par.replace(annotation=inspect.Parameter.empty) for par in signature.parameters.values()]
    plain = plain[1:] if made_by_init else plain
    return str(signature.replace(parameters=plain, return_annotation=inspect.Signature.empty))


if __name__ == "__main__":
    TARGET.write_text(snapshot(), encoding="utf-8")
