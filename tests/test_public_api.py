"""The public names and signatures are those of the golden file, so that a change of them is seen."""

import difflib
import importlib
from pathlib import Path

import pytest
from public_api import TARGET, modules, snapshot

DOC = Path(__file__).resolve().parents[1] / "doc"


def test_public_api_is_that_of_the_golden_file():
    expected, found = TARGET.read_text(encoding="utf-8").splitlines(), snapshot().splitlines()
    changes = "\n".join(difflib.unified_diff(expected, found, "golden", "found", lineterm="", n=0))
    assert not changes, f"if this is meant, run: python tests/public_api.py\n{changes}"


@pytest.mark.parametrize("name", modules())
def test_all_names_exist_and_are_not_private(name):
    module = importlib.import_module(name)
    assert len(set(module.__all__)) == len(module.__all__)
    assert all(hasattr(module, public) and not public.startswith("_") for public in module.__all__)


@pytest.mark.parametrize("name", modules()[1:])
def test_each_module_has_a_page_in_the_reference(name):
    page = DOC / "api" / f"{name.removeprefix('lmfit.')}.rst"
    assert f".. automodule:: {name}\n" in page.read_text(encoding="utf-8")
