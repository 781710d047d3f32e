# Each target sets up what it needs, once, and does its work. The work itself is in scripts/.
.PHONY: help run demo dev test bench deb lint fmt setup clean
.DEFAULT_GOAL := help

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: ## Run the panel with real SteamCMD, its data in ./data
	@scripts/run

demo: ## Run the panel with stand-ins and example data: no real game
	@scripts/demo

dev: ## Work on the pages: the API beside a server that reloads the browser
	@scripts/dev

test: ## Run every test, on SQLite, on PostgreSQL and in a browser
	@scripts/test

bench: ## Measure
	@scripts/bench

deb: ## Build the Debian package, into dist-deb/
	@scripts/deb

lint: ## Check formatting, lints, licences and advisories
	@scripts/lint

fmt: ## Format the code
	@cargo fmt --all

setup: ## Install everything that any target needs
	@scripts/setup all

clean: ## Remove what was built; built tools and data stay
	@cargo clean
	@rm -rf target-web dist dist-deb e2e/node_modules e2e/test-results e2e/playwright-report e2e/screenshots
