# Ketemu on this machine and on AWS. `make` lists what there is.
PYTHON ?= python3
PORT ?= 4566
ENV ?= dev
MAIL_FROM ?=
ALARM_EMAIL ?=
ENDPOINT ?=
FUNCTION ?=
EVENT ?=
CONFERENCE ?=
CONTEXT ?=
QUEUE ?=
SIDE ?=
TABLE ?=
AT ?=
FROM ?=
EXACTLY ?=
UNIT ?=
PARTS ?=

export SAM_CLI_TELEMETRY := 0
export SAM_CLI_ENABLE_LANGUAGE_EXTENSIONS := 1
# A container may forbid bytecode; then each of these programs, and each worker of the tests, would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
# What artifacts are made of (pyproject.toml).
PACKED := gateway auth events orders tickets tickets-pictures tickets-paper contacts notifications relay

# uv's options for a lock file: exact, hashed, for every platform, and naming no index.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header
# Runs what draws, in an environment of its own.
DRAW = PYTHONPATH=. $(BIN)/uv run --quiet --no-project --python $(BIN)/python --with matplotlib python -m
# What the Lambda runtime brings along is pinned for development and never packed.
RUNTIME := boto3 botocore s3transfer jmespath urllib3 python-dateutil six

.DEFAULT_GOAL := help
.PHONY: help environment run stop restart demo invoke check dlq redrive replay restore load load-onsale load-faults load-doors load-scanners load-contacts verify-journal fuzz rotate-keys build deploy test lint types imports template audit leaks unit e2e format openapi bench cost explore mutants contention lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

environment: ## set up .venv and the emulator from the lock files (done by the others when needed)
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed: install Python 3.11 or newer (Debian: apt install python3 python3-venv)"; exit 1; }
	@$(PYTHON) localstack/environment.py

run: environment ## run the platform here until Ctrl-C (PORT=4566, or ENDPOINT=http://127.0.0.1:4566 of a running emulator)
	@$(BIN)/python -m localstack.run --port $(PORT) $(if $(ENDPOINT),--endpoint $(ENDPOINT))

stop: environment ## stop what `make run` started (PORT=4566)
	@$(BIN)/python -m localstack.stop --port $(PORT)

restart: environment ## have it write its data and start from there (PORT=4566)
	@$(BIN)/python -m localstack.restart --port $(PORT)

demo: environment ## play the journey against the running stack (PORT=4566)
	@$(BIN)/python -m localstack.demo --port $(PORT)

invoke: environment ## run one function on the running stack (FUNCTION=OrdersApi EVENT=events/orders/place-order.json)
	@$(BIN)/python -m localstack.invoke --port $(PORT) "$(FUNCTION)" "$(EVENT)"

check: environment ## say whether the books of the running stack balance (PORT=4566)
	@$(BIN)/python -m localstack.books --port $(PORT)

dlq: environment ## list the dead letters of the running stack, and why they died (PORT=4566)
	@$(BIN)/python -m localstack.dead_letters --port $(PORT)

redrive: environment ## put dead letters back into their queue (QUEUE=Orders PORT=4566)
	@$(BIN)/python -m localstack.dead_letters --port $(PORT) --redrive "$(QUEUE)"

replay: environment ## make a read side anew from the archive of the bus (SIDE=door, totals or sales; PORT=4566)
	@$(BIN)/python -m localstack.replay --port $(PORT) "$(SIDE)"

restore: environment ## put back what a table had (TABLE=Orders, AT=2026-11-24T12:00:00Z, FROM=a table beside, EXACTLY=1; docs/restore.md)
	@$(BIN)/python -m localstack.restore --port $(PORT) $(if $(AT),--at $(AT)) $(if $(FROM),--beside $(FROM)) $(if $(EXACTLY),--exactly) "$(TABLE)"

load: environment ## a conference day on the running stack: sale, doors, breaks, meetings (PORT=4566, TICKETS=300 CONTACTS=3)
	@$(BIN)/python -m localstack.day --port $(PORT) --tickets $(or $(TICKETS),300) --contacts $(or $(CONTACTS),3)
	@$(DRAW) bench.day_plot .local/load.json .local/load.png
	@echo "Drawn: .local/load.png"

load-scanners: environment ## reference scanners without a network, back at once (PORT=4566, TICKETS=500 SCANNERS=20 SCANS=400)
	@$(BIN)/python -m localstack.apart --port $(PORT) --tickets $(or $(TICKETS),500) --scanners $(or $(SCANNERS),20) --scans $(or $(SCANS),400)

load-onsale: environment ## 1,000 buyers for 650 tickets on the running stack (PORT=4566)
	@$(BIN)/python -m localstack.onsale --port $(PORT)

load-faults: environment ## a conference day beneath which everything fails, on the running stack (PORT=4566, FAULTS=ses,bus,restart or steps, TICKETS=40)
	@$(BIN)/python -m localstack.load_faults --port $(PORT) $(if $(FAULTS),--faults $(FAULTS)) $(if $(TICKETS),--tickets $(TICKETS))

fuzz: environment ## made-up requests to every operation of the API on the running stack (PORT=4566, SEED=1, EXAMPLES=10)
	@$(BIN)/python -m localstack.fuzz --port $(PORT) --seed $(or $(SEED),1) --examples $(or $(EXAMPLES),10)

rotate-keys: environment ## let another key sign access tokens; those signed before stay good (PORT=4566; on AWS: docs/accounts.md)
	@$(BIN)/python -m localstack.invoke --port $(PORT) AuthRotation events/auth/rotate.json

load-doors: environment ## an evening at the doors on the running stack: races, scanners off line, double entries (PORT=4566)
	@$(BIN)/python -m localstack.doors --port $(PORT)

load-contacts: environment ## people who meet off line and take back, against a simple model (PORT=4566, PEOPLE=300 CONTACTS=3000 STANDS=10 SEED=3000)
	@$(BIN)/python -m localstack.meetings --port $(PORT) --people $(or $(PEOPLE),300) --contacts $(or $(CONTACTS),3000) --stands $(or $(STANDS),10) --seed $(or $(SEED),3000)

verify-journal: environment ## prove that a conference's door journal is whole (CONFERENCE=cnf_…; TOKEN of its crew, or the demo's organiser)
	@$(BIN)/python -m localstack.verify_journal --port $(PORT) "$(CONFERENCE)"

build: environment ## build every function as it goes to AWS, into .aws-sam/
	@KETEMU_TARGET=aws $(BIN)/sam build --build-in-source

deploy: build ## deploy to AWS (ENV=dev or prod, MAIL_FROM=an address that SES has verified, ALARM_EMAIL=who hears of alarms, BUDGET=USD a month)
	@test -n "$(MAIL_FROM)" || { echo "Say who e-mails come from: make deploy ENV=$(ENV) MAIL_FROM=tickets@your.domain (verified in SES)"; exit 1; }
	@$(BIN)/sam deploy --config-env $(ENV) --parameter-overrides Stage=$(ENV) MailFrom=$(MAIL_FROM) AlarmEmail=$(ALARM_EMAIL) MonthlyBudget=$(or $(BUDGET),0)

build-%: # called by `sam build` for each function
	@$(BIN)/python -m localstack.build $* "$(ARTIFACTS_DIR)"

# What waits (for messages, holds and schedules) runs beside what computes, which gives way to it: each is shown when it is done.
test: environment ## everything that proves it
	@$(MAKE) --no-print-directory --jobs=2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) \
		e2e lint types imports template audit leaks unit UNIT='nice -n 10'

lint: environment ## style and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: environment ## static types
	@$(BIN)/mypy

imports: environment ## who may import whom
	@$(BIN)/lint-imports

template: environment ## the SAM template (`sam validate --lint` is cfn-lint too) and what watches it
	@$(BIN)/cfn-lint operations.yaml
	@$(BIN)/sam validate --lint

audit: environment ## known vulnerabilities of pinned packages
	@$(BIN)/python -m tests.security.audit

leaks: environment ## secrets in the repository's files
	@$(UNIT) $(BIN)/python -m tests.security.leaks

unit: environment ## domain, DynamoDB, handlers and contracts
	@$(UNIT) $(BIN)/pytest -n auto tests/unit tests/moto tests/contract

e2e: environment ## the whole, over HTTP, on an emulator started for it
	@$(BIN)/pytest tests/e2e

format: environment ## put the code in order
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

openapi: environment ## write the OpenAPI document of the API
	@$(BIN)/python -m functions.openapi > docs/openapi.json.new && mv docs/openapi.json.new docs/openapi.json

# awscrt is here for the tools; the runtime of Lambda signs without it.
bench: environment ## measure against the budgets: docs/benchmarks.md and its plot (PARTS=counts,cpu,imports,sizes,http: those anew)
	@BOTO_DISABLE_CRT=true $(BIN)/python -m bench --figures .local/bench.json $(if $(PARTS),--parts $(PARTS))
	@$(DRAW) bench.plot .local/bench.json docs/benchmarks.png

cost: environment ## what a conference costs on AWS, from counted units: docs/cost.md and docs/cost.png
	@$(BIN)/python -m bench.cost_report .local/cost.json
	@$(DRAW) bench.cost_plot .local/cost.json docs/cost.png

explore: environment ## look for new counterexamples to every rule that is tested with made-up data; `make test` repeats known ones
	@$(BIN)/pytest -n auto -m hypothesis --hypothesis-profile=explore tests/unit tests/moto tests/contract

mutants: environment ## break the rules of each domain, see whether unit tests notice, and write docs/mutants.md (CONTEXT=orders: of one)
	@$(BIN)/python -m bench.mutants $(CONTEXT)

contention: environment ## simulate what meets at an on-sale, and draw docs/contention.png
	@$(DRAW) bench.contention --plot docs/contention.png

lock: environment ## pin every dependency group of pyproject.toml into requirements/
	@for group in dev emulator mutants; do $(COMPILE) --group $$group -o requirements/$$group.txt || exit 1; done
	@for group in $(PACKED); do $(COMPILE) --group $$group -c requirements/dev.txt \
		$(foreach package,$(RUNTIME),--no-emit-package $(package)) -o requirements/$$group.txt || exit 1; done
	@echo uv | $(COMPILE) -c requirements/dev.txt -o requirements/uv.txt -

clean: ## remove what was built and cached; the stacks' data stays
	@rm -rf .aws-sam .local/build .local/cache .local/emulator .hypothesis .mypy_cache .ruff_cache .import_linter_cache
