"""What an installed lmfit is: its version, its files, and what importing it loads."""

import ast
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from test_layers import OPTIONAL

import lmfit

ROOT = Path(__file__).resolve().parents[1]

#: Too slow to load for everyone: `scipy.special` has what is needed of it.
SLOW = {"scipy.stats"}


def literal_version():
    """Return the version as setuptools reads it: a literal in __init__.py."""
    tree = ast.parse((ROOT / "lmfit" / "__init__.py").read_text(encoding="utf-8"))
    targets = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    return ast.literal_eval(targets["__version__"])


def test_version_is_one_literal():
    assert lmfit.__version__ == literal_version()


def test_version_is_2_in_normal_form():
    version = Version(lmfit.__version__)
    assert version.major == 2
    assert str(version) == lmfit.__version__


@pytest.mark.parametrize(
    "requirement", ["lmfit", "lmfit>=0.9.5", "lmfit>=1.0", "lmfit>=1.3.1,<3", "lmfit!=1.1.0"]
)
def test_packages_that_ask_for_lmfit_1_accept_it(requirement):
    # As pip judges what is installed: it counts pre-releases. Asked for by name on an index, a development
    # release is taken only with `pip install --pre`.
    assert Requirement(requirement).specifier.contains(lmfit.__version__, prereleases=True)


def test_types_are_shipped():
    assert (Path(lmfit.__file__).parent / "py.typed").is_file()


@pytest.fixture(scope="module")
def distribution():
    try:
        return metadata.distribution("lmfit")
    except metadata.PackageNotFoundError:
        pytest.skip("lmfit runs from the checkout and is not installed: there is no metadata to look at")


def test_typed_client_runs():
    # Whether its types are right is checked by mypy, in `make lint`.
    run = subprocess.run(
        [sys.executable, "-W", "error", ROOT / "tests" / "typed_client.py"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "life: " in run.stdout, run.stderr


def test_metadata(distribution):
    meta = distribution.metadata
    assert distribution.version == lmfit.__version__
    assert meta["License-Expression"] == "BSD-3-Clause"
    assert meta["Requires-Python"] == ">=3.10"
    assert set(meta.get_all("Provides-Extra")) == {
        "plot",
        "progress",
        "data",
        "distributed",
        "mcmc",
        "docs",
        "test",
        "dev",
    }


def test_needs_three_packages_only(distribution):
    needed = [Requirement(text) for text in distribution.requires]
    assert {item.name for item in needed if item.marker is None} == {"numpy", "scipy", "asteval"}


def test_lowest_versions_are_the_lower_limits():
    pinned = [
        Requirement(line)
        for line in (ROOT / "tests" / "lowest-versions.txt").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    versions = {item.name: item.specifier for item in pinned}
    # Not from the metadata: what is installed may have been made from an older file.
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    limits = re.findall(r'"([\w-]+)(?:\[\w+\])?>=([\d.]+)', text)
    assert {"numpy", "dask", "pytest", "typing_extensions"} <= {name for name, _ in limits}
    assert all(limit in versions[name] for name, limit in limits if name in versions)
    assert versions.keys() - {name for name, _ in limits} == {"pyparsing"}


def loaded_by(statement):
    """Return the modules that a new interpreter holds after a statement."""
    code = f"import sys; {statement}; print(*sorted(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    return set(run.stdout.split())


def test_import_loads_no_optional_and_no_slow_package():
    loaded = loaded_by("import lmfit")
    assert "lmfit.minimizer" in loaded
    assert not loaded & (OPTIONAL | SLOW)
