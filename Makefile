# The commands a newcomer needs; each is a script that can be read in a minute.
.PHONY: install check test test-all test-engines bench docs chaos

install: ## an environment in .venv with everything for development
	scripts/install

check: ## lint, format, types, import contracts, sizes
	scripts/check

test: ## the tests of everything but single engines and Docker, in minutes; installs first if there is no .venv
	scripts/test

test-all: ## every test; Docker's where there is a daemon
	scripts/test-all

test-engines: ## the engines' suites alone, with environments that are kept
	scripts/test-engines

chaos: ## every damage that can be done to recordings and runs, seeded
	scripts/chaos

bench: ## speed as ratios and counts, printed as a table
	scripts/bench

docs: ## the generated pages under docs/, and the README's table of engines
	.venv/bin/python scripts/generate_cli_docs.py
	.venv/bin/python scripts/generate_compose_docs.py
	.venv/bin/python scripts/generate_engine_table.py
	.venv/bin/python scripts/generate_whisper_docs.py
