# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# The short way to everything; CMake and its presets do the work.  Each target installs the Debian
# packages that it lacks (as root; otherwise it says which).

PREFIX ?= /usr/local
DESTDIR ?=
WERROR ?= OFF

MAKEFLAGS += --no-print-directory
build := build/release
# Ninja when it is there; a tree configured once keeps its generator.
ifneq ($(shell command -v ninja 2>/dev/null),)
export CMAKE_GENERATOR ?= Ninja
endif
export CMAKE_BUILD_PARALLEL_LEVEL ?= $(shell nproc)
deps = @bash scripts/deps.sh
configure = cmake --preset release -DHALDE_WERROR=$(WERROR) >/dev/null

.PHONY: all demo check check-programs check-scenarios check-valgrind check-wine soak bench bench-malloc install deb \
	check-deb lint \
	format coverage fuzz update-exports clean help

all: ## build the libraries and the tool
	$(deps) build
	@$(configure)
	@cmake --build $(build) --target libraries tool-documents

demo: ## build, walk heaps that four threads are using, then find leaks and growth with the command line
	$(deps) demo
	@$(configure)
	@cmake --build $(build) --target libraries tool examples
	@bash scripts/demo.sh $(build)

check: ## build and run all tests
	$(deps) check
	@$(configure)
	@cmake --build $(build)
	ctest --preset release $(CTEST_FLAGS)

check-programs: ## real programs with and without the preload object: results are equal
	$(deps) build
	@$(configure)
	@cmake --build $(build) --target preload
	@PRELOAD_OBJECT='$(CURDIR)/$(build)/libhalde-preload.so' bash tests/programs/run.sh $(PROGRAMS_FLAGS)

check-scenarios: ## the tool in whole situations: redis under load, planted leaks, containers; SCENARIOS=redis for one
	$(deps) build
	@$(configure)
	@cmake --build $(build) --target tool preload
	@HALDE_TOOL='$(CURDIR)/$(build)/halde' HALDE_PRELOAD='$(CURDIR)/$(build)/libhalde-preload.so' \
	    PYTHONDONTWRITEBYTECODE=1 python3 tests/scenarios/run.py $(SCENARIOS)

soak: ## threads, forks and walks on malloc for 20 minutes, or HALDE_SOAK_SECONDS
	$(deps) build
	@$(configure)
	@cmake --build $(build) --target soak.soak
	@$(build)/tests/soak/bin/soak

check-valgrind: ## run the tests under valgrind
	$(deps) check-valgrind
	cmake --workflow --preset valgrind

check-wine: ## compare the conformance programs with an independent implementation
	$(deps) check-wine
	@$(configure)
	bash tests/wine/run.sh $(build)

bench: ## measure beside other allocators
	$(deps) bench
	@cmake --preset bench >/dev/null
	@cmake --build build/bench --target bench-programs
	HALDE_BUILD_DIR='$(CURDIR)/build/bench' bench/run.sh $(BENCH_FLAGS)

bench-malloc: ## malloc: programs beside other allocators, time and memory
	$(deps) bench
	@cmake --preset bench >/dev/null
	@cmake --build build/bench --target preload bench-malloc-programs
	HALDE_BUILD_DIR='$(CURDIR)/build/bench' bench/run_malloc.sh $(BENCH_FLAGS)

install: ## install below PREFIX (and DESTDIR)
	$(deps) install
	@$(configure)
	@cmake --build $(build) --target libraries tool-documents
	@DESTDIR='$(DESTDIR)' cmake --install $(build) --prefix '$(PREFIX)'
	@if [ -z '$(DESTDIR)' ] && [ "$$(id -u)" = 0 ]; then ldconfig; fi

deb: ## Debian packages: build/deb/*.deb, for apt install
	$(deps) deb
	@cmake -S . -B build/deb -DCMAKE_BUILD_TYPE=Release -DHALDE_TESTS=OFF -DHALDE_DEB=ON \
	    -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_LIBDIR:STRING=lib/$$(dpkg-architecture -qDEB_HOST_MULTIARCH) \
	    -DHALDE_ZSH_FOLDER=share/zsh/vendor-completions >/dev/null
	@cmake --build build/deb
	@rm -f build/deb/*.deb
	@cd build/deb && cpack --config CPackConfig.cmake | grep generated

check-deb: deb ## look into the packages, unpack and use them; as root with HALDE_INSTALL=1, install them
	@bash tests/package/deb.sh build/deb

lint: ## formatting, compiler warnings of clang, clang-tidy, cppcheck, shellcheck
	$(deps) lint
	cmake --workflow --preset lint

format: ## rewrite every C file in the project's format
	$(deps) format
	@bash scripts/format.sh

coverage: ## which lines the tests execute
	$(deps) coverage
	cmake --workflow --preset coverage

fuzz: ## run each fuzz target for a while
	$(deps) fuzz
	cmake --workflow --preset fuzz

update-exports: ## rewrite packaging/exports*.txt, the golden lists of exported symbols
	$(deps) update-exports
	@$(configure)
	@cmake --build $(build) --target heap-static halde-static
	@bash scripts/exports.sh $(build)/libhalde-heap.a >$(build)/exports.txt
	@bash scripts/exports.sh $(build)/libhalde-heap.a $(build)/libhalde.a >$(build)/exports-malloc.txt
	@mv $(build)/exports.txt $(build)/exports-malloc.txt packaging/
	@git --no-pager diff --stat -- packaging 2>/dev/null || true

clean: ## remove build/
	rm -rf build

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18
