# Needs Python 3.10 or newer and make; everything else is installed into $(VENV).
#
#   make demo      fit three of NIST's data sets, print the reports, save quickstart.png
#   make test      run all tests and the examples in the docstrings
#   make test-all  the same, with more random examples, and the tests that take long (some ten minutes)
#   make test-lowest  run all tests with the lowest versions that pyproject.toml allows, on Python 3.10
#   make lint      style, types, docstrings
#   make examples  run every example
#   make bench     run every benchmark
#   make doc       build the documentation
#   make linkcheck ask whether the pages that the documentation links to are still there
#   make clean     remove what the other commands made
#
# Another interpreter: make test PYTHON=python3.12 (the environment is then made anew).

PYTHON ?= python3
LOWEST_PYTHON ?= python3.10
VENV ?= .venv
BIN = $(VENV)/bin
PYTEST_ARGS ?= -q -n auto
# -qq leaves out pip's warnings, about places that a local configuration names and that are not there, say.
INSTALL = $(BIN)/python -m pip install -qq --disable-pip-version-check -e

# Where public functions and classes are defined. Functions of other files need not describe each argument.
PUBLIC = $(wildcard lmfit/[!_]*.py) lmfit/_batch_result.py lmfit/_global_result.py lmfit/_has_intervals.py \
    lmfit/_has_text.py lmfit/_intervals.py lmfit/_model_result.py lmfit/_view.py lmfit/_engines/base.py
NOT_PRIVATE = PR01,PR03,PR04,PR07,RT03

# Names the interpreter, so that another PYTHON= gives another environment.
MADE = $(VENV)/.made-with-$(subst /,_,$(PYTHON))

.PHONY: demo test test-all test-lowest lint examples bench doc linkcheck clean
.DELETE_ON_ERROR:

demo: $(VENV)/.has-plot
	$(BIN)/python examples/quickstart.py

test: $(VENV)/.has-test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

test-all: $(VENV)/.has-test
	$(BIN)/python -m pytest $(PYTEST_ARGS) -m "thorough or not thorough" --hypothesis-profile=thorough

test-lowest:
	PIP_CONSTRAINT=tests/lowest-versions.txt $(MAKE) test VENV=.venv-lowest PYTHON=$(LOWEST_PYTHON)

lint: $(VENV)/.has-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/interrogate --quiet lmfit
	$(BIN)/numpydoc lint $(PUBLIC)
	$(BIN)/numpydoc lint --ignore $(NOT_PRIVATE) $$(find lmfit -name '*.py')

examples: $(VENV)/.has-test
	@set -e; for script in $$(ls examples/*.py); do \
	    echo "== $$script"; $(BIN)/python -W error $$script > $(VENV)/example.log 2>&1 \
	    || { cat $(VENV)/example.log; exit 1; }; done

bench: $(VENV)/.has-test
	@set -e; for script in benchmarks/[!_]*.py; do echo "== $$script"; $(BIN)/python $$script; echo; done

doc: $(VENV)/.has-docs
	$(BIN)/sphinx-build -q -W --keep-going -b html doc doc/_build/html

linkcheck: $(VENV)/.has-docs
	$(BIN)/sphinx-build -q -D plot_gallery=0 -b linkcheck doc doc/_build/linkcheck

clean:
	rm -rf $(VENV) .venv-lowest build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis *.png
	rm -rf doc/_build doc/_generated doc/auto_examples doc/sg_execution_times.rst
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(MADE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "lmfit needs Python 3.10 or newer; try make PYTHON=python3.12")'
	@echo "Making $(VENV) with $$($(PYTHON) --version) ..."
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# One stamp for each extra; a change of pyproject.toml installs it again.
$(VENV)/.has-%: $(MADE) pyproject.toml
	@echo "Installing lmfit[$*] ..."
	@$(INSTALL) '.[$*]'
	@touch $@
