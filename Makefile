PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TESTED := $(VENV)/.installed-for-tests

.PHONY: demo test setup clean

demo: $(STAMP)
	$(BIN)/nmn ask nmn/scenes/demo.png "What color is the large shape left of the star?" --trace demo.png
	@echo "the picture of the trace: demo.png"

test: $(TESTED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

setup: $(TESTED)

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(STAMP)

$(TESTED): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,serve,e2e,vl,plots,pretrained]'
	touch $(TESTED)

clean:
	rm -rf $(VENV) dist build artifacts demo.png
