"""Draw the picture of the README's first example: ``python doc/readme_picture.py``."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "doc" / "_static" / "first_fit.svg"


def example() -> dict[str, Any]:
    """Run the first block of the README and return its names."""
    block = re.search(r"code-block:: python\n\n((?: .*\n|\n)+)", (ROOT / "README.rst").read_text("utf-8"))
    assert block is not None
    names: dict[str, Any] = {}
    exec(textwrap.dedent(block[1]), names)  # noqa: S102 - our own page
    return names


def main() -> None:
    """Draw data and fit, and the residual below."""
    names = example()
    x, data, fit = names["x"], names["data"], names["data"] + names["out"].residual
    with mpl.rc_context({"svg.hashsalt": "lmfit", "svg.fonttype": "none", "font.size": 9}):
        figure, (above, below) = plt.subplots(
            2, figsize=(7, 3.2), sharex=True, height_ratios=(3, 1), layout="constrained"
        )
        above.plot(x, data, ".", ms=3, color="0.45", label="data")
        above.plot(x, fit, color="#d1495b", label="fit")
        above.legend(frameon=False)
        below.plot(x, data - fit, ".", ms=3, color="0.45")
        below.axhline(0, lw=1, color="#d1495b")
        below.set_ylabel("data - fit")
        for axes in (above, below):
            axes.spines[["top", "right"]].set_visible(False)
        TARGET.parent.mkdir(exist_ok=True)
        figure.savefig(TARGET, metadata={"Date": None})


if __name__ == "__main__":
    main()
