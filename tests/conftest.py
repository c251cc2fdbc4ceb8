"""What all tests share."""

import os
import sys
from pathlib import Path

import hypothesis

ROOT = Path(__file__).resolve().parents[1]

# Tests use the loader of NIST's data: `import nist`.
sys.path.insert(0, str(ROOT / "examples"))

# No test opens a window.
os.environ.setdefault("MPLBACKEND", "Agg")

# No deadline: a shared machine stalls now and then. The examples are the same in every run, unless
# RANDOM_EXAMPLES is set.
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=10, derandomize=True)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=2000, derandomize=True)
hypothesis.settings.load_profile("local" if os.environ.get("RANDOM_EXAMPLES") else "ci")
