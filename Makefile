# Every target makes .venv and installs into it when it is missing or older than pyproject.toml.
PYTHON ?= python3
VENV_PYTHON := .venv/bin/python
INSTALLED := .venv/.installed

SCHEMA_LINT := .ci/schema-lint

.PHONY: install demo load test fuzz lint lint-schema docs schema coverage-table bench bench-growth bench-keyframes bench-paging bench-as-of

install: $(INSTALLED)

# The pip that comes with Python 3.11 does not know --group yet.
$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv .venv
	$(VENV_PYTHON) -m pip install --quiet --upgrade "pip>=25.1"
	$(VENV_PYTHON) -m pip install --quiet --editable ".[graphql]" --group dev
	touch $@

# make demo REPO=path/to/repository CHECK=1
demo: $(INSTALLED)
	$(VENV_PYTHON) -m demo $(if $(REPO),--repo "$(REPO)") $(if $(CHECK),--check)

# Many clients on the demo under gunicorn; DATABASE_URL names a PostgreSQL database that does not exist yet:
# make load DATABASE_URL=postgres://… SECONDS=120
load: $(INSTALLED)
	$(VENV_PYTHON) -m demo.load --database "$(DATABASE_URL)" $(if $(SECONDS),--seconds $(SECONDS))

# make test ARGS="-k context"; another database: DATABASE_URL=postgres://… make test
test: $(INSTALLED)
	$(VENV_PYTHON) -m pytest $(ARGS)

# Random documents against the API: make fuzz DOCUMENTS=5000 SEED=1; another database: DATABASE_URL=postgres://… make fuzz
fuzz: $(INSTALLED)
	REVY_FUZZ_DOCUMENTS=$(or $(DOCUMENTS),5000) REVY_FUZZ_SEED=$(or $(SEED),1) $(VENV_PYTHON) -m pytest tests/graphql/test_fuzz.py -s

lint: $(INSTALLED)
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .
	$(VENV_PYTHON) -m mypy
	$(VENV_PYTHON) -m mypy --config-file demo/mypy.ini demo
	$(VENV_PYTHON) -m django makemigrations --settings tests.settings --check --dry-run
	$(VENV_PYTHON) -m django makemigrations --settings demo.settings --check --dry-run wiki
	REVY_TEST_SWAPPED=1 $(VENV_PYTHON) -m django makemigrations --settings tests.settings --check --dry-run

# The only step that needs Node.js: is schema.graphql one that GraphQL clients like?
lint-schema: $(SCHEMA_LINT)/node_modules/.installed
	$(SCHEMA_LINT)/node_modules/.bin/eslint --config $(SCHEMA_LINT)/eslint.config.js --max-warnings 0 schema.graphql

$(SCHEMA_LINT)/node_modules/.installed: $(SCHEMA_LINT)/package.json $(SCHEMA_LINT)/package-lock.json
	npm ci --prefix $(SCHEMA_LINT) --loglevel error
	touch $@

# The pages of docs/ as a site, in build/docs/index.html. A link that leads nowhere, or a page that nothing leads to, fails it.
docs: $(INSTALLED)
	$(VENV_PYTHON) -m sphinx --builder html --fail-on-warning --keep-going --fresh-env --quiet docs build/docs

schema: $(INSTALLED)
	$(VENV_PYTHON) -m revy_graphql.print_schema > schema.graphql.tmp
	mv schema.graphql.tmp schema.graphql

# Writes the column of one database into docs/coverage.md: SQLite's, or that of DATABASE_URL=postgres://… or mysql://…
coverage-table: $(INSTALLED)
	$(VENV_PYTHON) -m tests.coverage

# Compares revy with its peers, and writes docs/performance.md: make bench DATABASE_URL=postgres://… PEERS="reversion" ROUNDS=7
# QUICK=1 only tries whether it runs. The peers' environments are in .cache/benchmarks.
bench: $(INSTALLED)
	$(VENV_PYTHON) -m benchmarks $(if $(DATABASE_URL),--database "$(DATABASE_URL)") $(if $(PEERS),--peers $(PEERS)) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(QUICK),--quick)

# What REVY_KEYFRAME_INTERVAL changes: bytes of history, and the time to rebuild; writes docs/performance.md, too.
bench-keyframes: $(INSTALLED)
	$(VENV_PYTHON) -m benchmarks.keyframes $(if $(DATABASE_URL),--database "$(DATABASE_URL)") $(if $(QUICK),--quick)

# What single operations cost as histories, models and contexts grow; writes docs/performance.md, too. ROWS is how many
# object deltas there are in the end: ten million on PostgreSQL, which take 5 GB of its disk for a while.
bench-growth: $(INSTALLED)
	$(VENV_PYTHON) -m benchmarks.growth $(if $(DATABASE_URL),--database "$(DATABASE_URL)") $(if $(ROWS),--rows $(ROWS)) \
		$(if $(QUICK),--quick)

# Pages of the GraphQL API in a history of a million revisions: make bench-paging DATABASE_URL=postgres://…
bench-paging: $(INSTALLED)
	$(VENV_PYTHON) -m benchmarks.paging --database "$(DATABASE_URL)" $(if $(REVISIONS),--revisions $(REVISIONS))

# Whole tables as they were, by revy and by django-simple-history; writes docs/performance.md, too. Fills in the histories
# of 100,000 objects, which takes minutes: make bench-as-of DATABASE_URL=postgres://… OBJECTS=10000 ROUNDS=3
bench-as-of: $(INSTALLED)
	$(VENV_PYTHON) -m benchmarks.as_of $(if $(DATABASE_URL),--database "$(DATABASE_URL)") \
		$(if $(OBJECTS),--objects $(OBJECTS)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(QUICK),--quick)
