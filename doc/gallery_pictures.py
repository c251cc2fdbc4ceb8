"""The pictures of the gallery: figures that a script leaves open, or else the PNG files that it saves."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from sphinx_gallery.scrapers import figure_rst, matplotlib_scraper

#: The order of the gallery: from the first fit to engines of one's own.
ORDER = (
    "quickstart",
    "constraints",
    "bounds",
    "engines_compared",
    "confidence",
    "confidence_2d",
    "uncertainties_compared",
    "regions_2d",
    "peaks_and_background",
    "nist_models",
    "global_fit",
    "poisson_counts",
    "robust_fit",
    "image_2d",
    "complex_resonator",
    "spectral_map",
    "spectral_map_dask",
    "series_with_pandas",
    "custom_engine",
)


def saved_or_open(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Return the reStructuredText that shows the pictures of one block of a script."""
    saved = sorted(Path(block_vars["src_file"]).parent.glob("*.png"))
    rst: str = matplotlib_scraper(block, block_vars, gallery_conf)
    if rst:
        for picture in saved:
            picture.unlink()
        return rst
    moved = []
    for picture, target in zip(saved, block_vars["image_path_iterator"]):
        shutil.move(picture, target)
        moved.append(target)
    return str(figure_rst(moved, gallery_conf["src_dir"]))


class InOrder:
    """Sort key of the scripts: `ORDER`, then those that it does not name."""

    def __init__(self, src_dir: str) -> None:
        pass

    def __call__(self, filename: str) -> tuple[int, str]:
        """Return the key of one script."""
        name = filename.removesuffix(".py")
        return (ORDER.index(name) if name in ORDER else len(ORDER), name)
