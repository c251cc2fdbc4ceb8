"""Write the tables of engines, ``engine_table.inc``, from what the engines declare.

To be run after each change of a declaration: ``python doc/engine_table.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lmfit.engines import Engine, Objective, Space, find, names

TARGET = Path(__file__).with_name("engine_table.inc")

_MINIMISES = {Objective.RESIDUAL: "residual", Objective.SCALAR: "number"}


def table() -> str:
    """Return the tables of the engines that are part of lmfit, as reStructuredText."""
    engines = [engine for engine in map(find, names()) if _module(engine).startswith("lmfit.")]
    capabilities = _list_table(
        ("engine", "aliases", "minimises", "bounds", "derivatives", "random"),
        (22, 26, 12, 14, 14, 12),
        map(_capabilities, engines),
    )
    descriptions = _list_table(
        ("engine", "what it is", "options"),
        (16, 34, 50),
        ((f"``{engine.name}``", engine.title, _code(engine.keywords)) for engine in engines),
    )
    return f".. Written by engine_table.py.\n\n{capabilities}\n{descriptions}"


def _capabilities(engine: Engine) -> tuple[str, ...]:
    return (
        f"``{engine.name}``",
        _code(engine.aliases),
        _MINIMISES[engine.objective],
        "needed" if engine.needs_bounds else "transformed" if engine.space is Space.INTERNAL else "native",
        ", ".join(["first"] * engine.uses_jacobian + ["second"] * engine.uses_hessian),
        "``seed``" if engine.stochastic else "",
    )


def _module(engine: Engine) -> str:
    # Some engines are one function with different arguments, as functools.partial.
    return str(getattr(engine.run, "func", engine.run).__module__)


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"``{word}``" for word in words)


def _list_table(head: tuple[str, ...], widths: tuple[int, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {' '.join(map(str, widths))}", ""]
    for row in (head, *rows):
        lines += [f"   {'*' if index == 0 else ' '} - {cell}".rstrip() for index, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(table(), encoding="utf-8")
