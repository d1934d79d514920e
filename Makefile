# `make demo` and `make test` do their own set-up. `make` alone lists the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Waits of Terraform's provider overlap, so that one worker more than two cores pays off; each starts an emulator.
WORKERS ?= 3
# For pytest: make test ARGS="-k all_keys".
ARGS ?=
# For make scan: a folder with Terraform. Its name goes through the environment as it is: neither make nor the shell
# may read it as text of theirs.
FOLDER ?=
override export FOLDER := $(value FOLDER)

# Another Terraform or OpenTofu, and another AWS provider: the files' paths, or the version that is to be installed.
TERRAFORM ?=
PROVIDER ?=
PROVIDER_VERSION ?=
override export TERRAFORM := $(value TERRAFORM)
override export PROVIDER := $(value PROVIDER)
override export PROVIDER_VERSION := $(value PROVIDER_VERSION)

# The environment for LocalStack and the harness; another folder and PYTHON try another Python.
VENV ?= .venv
VENV_PYTHON := $(VENV)/bin/python
export PYTHONPATH := tests
unexport PYTHONHOME
# Without caches of their bytecode, which `make clean` removes, each of the many processes would compile the tests again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: tools ## Apply an example to an enforcing LocalStack in both modes, print who may decrypt what; ARGS=--why says why.
	@$(VENV_PYTHON) -m harness demo $(ARGS)

.PHONY: test
test: setup ## Run all tests; TERRAFORM=PATH, PROVIDER=PATH and PROVIDER_VERSION=x.y.z run them with others.
	@$(VENV_PYTHON) -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

.PHONY: emulator
emulator: environment ## Run the emulator's tests alone; PYTHON=python3.12 VENV=.venv-3.12 runs them with another Python.
	@$(VENV_PYTHON) -m pytest -n $(WORKERS) --dist loadgroup tests/test_emulator tests/test_harness/test_set_up.py $(ARGS)

# `make test` has a small share of the fuzzing; these are the long runs.
MUTATION_CHILDREN ?= 2
FUZZ_EXAMPLES ?= 1000

.PHONY: fuzz
fuzz: environment ## Try FUZZ_EXAMPLES (1000) new documents and requests per property of the decision engine: minutes.
	@FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(VENV_PYTHON) -m pytest -n 2 -m generated tests/test_authorization $(ARGS)

.PHONY: bench
bench: tools ## Compare decisions with the commit BASELINE and an npm package; measure the gateway and plans: minutes.
	@missed=0; for part in decisions gateway plans audit; do \
		$(VENV_PYTHON) -m benchmarks.$$part || missed=1; \
	done; exit $$missed

.PHONY: load
load: environment ## Call the emulator with 64 and 200 clients while policies change, and check each answer: two minutes.
	@$(VENV_PYTHON) -m benchmarks.load

.PHONY: mutation
mutation: environment ## Change the decision engine in thousands of ways, which the tests must notice: half an hour.
	@rm -rf mutants/mutants/tests mutants/mutants/mutmut-stats.json # tests that are gone would fail for every mutant
	@mkdir -p mutants/src mutants/tests
	@mkdir -p mutants/src/plerion_kms
	@ln -sfn ../../../tests/plerion_kms/authorization mutants/src/plerion_kms/authorization
	@ln -sfn ../../../tests/plerion_kms/guide mutants/src/plerion_kms/guide
	@ln -sfn ../../tests/test_authorization mutants/tests/test_authorization
	@ln -sfn ../pyproject.toml mutants/
	@cd mutants && ../.venv/bin/mutmut run --max-children $(MUTATION_CHILDREN) $(ARGS)

.PHONY: audit
audit: environment ## Say which of your AWS keys Plerion can reach, and write what fixes the others: ARGS="--profile prod".
	@$(VENV_PYTHON) -m plerion_kms.audit audit $(ARGS)

# make verify-aws PROFILE=sandbox ACCOUNT=111122223333 [OTHER_PROFILE=... OTHER_ACCOUNT=...] [REGION=...] [YES=1]
# The programs read these from the environment, to which make passes what its command line sets.
.PHONY: verify-aws
verify-aws: tools ## Try examples and unknowns in a sandbox account of AWS, and report: PROFILE=sandbox ACCOUNT=111122223333.
	@$(VENV_PYTHON) -m verify run $(ARGS)

.PHONY: verify-aws-clean
verify-aws-clean: environment ## List and remove what a run that was cut off left: RUN=ID, and the accounts as above.
	@$(VENV_PYTHON) -m verify clean $(ARGS)

.PHONY: docs
docs: tools ## Write the tables of inputs, outputs and resources into the READMEs, and the rendered policies.
	@$(VENV_PYTHON) -m harness docs
	@$(VENV_PYTHON) -m harness rendered

.PHONY: lint
lint: tools ## Lint HCL, Python, shell and links; tflint is built with Go where it is not on PATH.
	@$(VENV_PYTHON) -m harness lint

.PHONY: scan
scan: setup ## Scan modules and examples with checkov, as HCL and as plans; FOLDER=PATH scans a folder of yours.
	@$(VENV_PYTHON) -m harness scan

.PHONY: setup
setup: ## Make the two virtual environments, find or fetch Terraform and its provider. The other targets do it themselves.
	@$(MAKE) --no-print-directory --silent -j2 tools checkov-environment

.PHONY: tools
tools: environment
	@$(VENV_PYTHON) -m harness setup

.PHONY: pins
pins: ## Pin the newest dependencies that requirements.in allows.
	@tests/setup/pin.sh tests
	@tests/setup/pin.sh tests/scanning

.PHONY: clean
clean: ## Remove what make made.
	@rm -rf .venv .venv-* .tools .reports mutants .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +

# LocalStack and checkov cannot share an environment: checkov pins an older boto3. What is missing of them is installed again.
.PHONY: environment
environment:
	@tests/setup/make-venv.sh $(VENV) tests/requirements.txt

.PHONY: checkov-environment
checkov-environment:
	@tests/setup/make-venv.sh .venv-checkov tests/scanning/requirements.txt
