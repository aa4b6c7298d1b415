# SPDX-License-Identifier: Apache-2.0
# A thin front of Meson: everything is built by meson.build, this only remembers the commands.
#
#   make            the program, in build/release/weir          make help   all targets

# A sanitizer's report ends the program, so that a test cannot pass over it.
export ASAN_OPTIONS ?= detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS ?= halt_on_error=1:print_stacktrace=1

SECONDS ?= 60
NINJA = ninja --quiet -C
SANITIZE = -Db_sanitize=address,undefined -Db_lundef=false

# Configures a build folder, again when a meson.build changed; says more than a line only on failure.
configured = @$(MAKE) -s --no-print-directory $(1)/build.ninja && \
	{ $(NINJA) $(1) build.ninja >$(1)/configure.log || { cat $(1)/configure.log; exit 1; }; }

.PHONY: build setup demo test tsan soak lint fmt fuzz bench lab lab-live install clean help
.DEFAULT_GOAL = build

build: ## the program: build/release/weir
	@tools/setup.sh build
	$(call configured,build/release)
	@$(NINJA) build/release

demo: build ## show the main job: two attacks found in a recorded stream, over loopback
	@tools/demo.sh

test: ## every test suite, under the address and undefined-behaviour sanitizers
	@tools/setup.sh build test
	$(call configured,build/test)
	@tools/run-tests.sh build/test build/tsan $(ARGS)

tsan: ## what runs on several threads, under the thread sanitizer; part of `make test`
	@tools/setup.sh build test
	@tools/tsan.sh build/tsan
	@tools/test-summary build/tsan/meson-logs/testlog.json

lint: ## format, layers, banned calls, licences, docs, clang-tidy, shellcheck, pyflakes
	@tools/setup.sh build test lint
	$(call configured,build/lint)
	@tools/lint build/lint

fmt: ## format the C sources
	@tools/setup.sh lint
	@tools/format.sh

fuzz: ## libFuzzer on the parsers: make fuzz [T=netflow9] [SECONDS=600]
	@tools/setup.sh build fuzz
	$(call configured,build/fuzz)
	@tools/fuzz.sh build/fuzz "$(SECONDS)" $(T)

bench: ## what it costs, beside its peers: 20 minutes; make bench QUICK=1: 6 minutes
	@tools/setup.sh build bench
	$(call configured,build/bench)
	@$(NINJA) build/bench benches
	@python3 tests/bench/run.py $(if $(QUICK),--quick) $(if $(MARKDOWN),--markdown "$(MARKDOWN)") $(ARGS)

lab: build ## detection judged on simulated traffic, against its goals; make lab QUICK=1: one seed
	@python3 tests/lab/run.py $(if $(QUICK),--quick) $(if $(MARKDOWN),--markdown "$(MARKDOWN)") $(ARGS)

lab-live: ## six scenarios as real packets, held back by XDP: 6 minutes, as root
	@tools/setup.sh build
	$(call configured,build/bench)
	@$(NINJA) build/bench benches
	@python3 tests/lab/live.py $(if $(MARKDOWN),--markdown "$(MARKDOWN)") $(ARGS)

soak: ## the daemon at half its limit over loopback: memory flat, nothing lost; [SECONDS=600]
	@tools/setup.sh build bench
	$(call configured,build/bench)
	@$(NINJA) build/bench benches
	@python3 tests/bench/soak.py --seconds $(if $(filter file,$(origin SECONDS)),600,$(SECONDS))

setup: ## packages for working on Weir, and the git hooks
	@tools/setup.sh build test lint
	@if [ -e .git ]; then git config core.hooksPath tools/hooks; fi
	@echo "ready: make test"

install: build ## install it: make install [PREFIX=/usr/local] [DESTDIR=stage]
	@$(if $(PREFIX),meson configure build/release --prefix="$(PREFIX)")
	@meson install -C build/release --no-rebuild

clean: ## remove everything that was built
	rm -rf build

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

build/release/build.ninja:
	@tools/quiet.sh configuring build/release -- meson setup build/release --buildtype=release -Db_lto=true -Dtests=false

build/bench/build.ninja:
	@tools/quiet.sh configuring build/bench -- \
		meson setup build/bench --buildtype=release -Db_lto=true -Dtests=false -Dbench=true

build/test/build.ninja:
	@tools/quiet.sh configuring build/test -- meson setup build/test --buildtype=debugoptimized $(SANITIZE)

build/lint/build.ninja:
	@tools/quiet.sh configuring build/lint -- meson setup build/lint --buildtype=debug

build/fuzz/build.ninja:
	@CC=clang tools/quiet.sh configuring build/fuzz -- \
		meson setup build/fuzz --buildtype=debugoptimized $(SANITIZE) -Dfuzz=libfuzzer
