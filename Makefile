# The commands behind script/demo and script/test; CMake does the work (see CMakePresets.json).
#
#   make           release build: build/bin/labelqa, build/lib/liblabelqa.so, build/python/labelqa
#   make demo      the worked example               make test      ctest, then pytest
#   make check     the commit gate: format, lint, style, layers, symbols, docs, tests
#   make format    clang-format on every C file     make bench     bench/, all or BENCH=name
#   make sanitize  tests under ASan+UBSan and TSan  make fuzz      libFuzzer, FUZZ_SECONDS each
#   make golden-update   rewrite the expected output of tests/golden and the tables of
#                        docs/schema, then read the diff
#   make wheel     build/wheel/labelqa-*.whl, for every CPython from 3.11 on
#   make install   PREFIX=/usr/local, DESTDIR=      make clean     all builds; keeps dependencies
SHELL = /bin/sh
PREFIX = /usr/local
FUZZ_SECONDS = 60
PYTHON = build/venv/bin/python
JOBS := $(shell nproc 2>/dev/null || echo 2)
CONFIGURE = -DLABELQA_SYSTEM_DUCKDB=$(or $(LABELQA_SYSTEM_DUCKDB),OFF) \
            -DLABELQA_WERROR=$(or $(LABELQA_WERROR),OFF)

# $(call build,PRESET,TARGETS): configure quietly (the log is shown when it fails), then compile.
define build
@mkdir -p build/$(1)
@cmake --preset $(1) $(CONFIGURE) >build/$(1)/configure.log 2>&1 || \
  { cat build/$(1)/configure.log >&2; exit 1; }
@cmake --build build/$(1) --parallel $(JOBS) $(if $(2),--target $(2))
endef

.PHONY: all quiet-build bootstrap bootstrap-test bootstrap-gate demo test check checks format golden-update bench \
        sanitize fuzz wheel install clean

all: bootstrap
	$(call build,release)

# As all, for people who only want the demo or the tests: how far it is, the log when it fails.
quiet-build:
	@mkdir -p build/release
	@tools/with-progress "building labelqa" build/release/build.log \
	  $(MAKE) --no-print-directory BOOTSTRAPPED=1 all

bootstrap:
	@$(if $(BOOTSTRAPPED),:,script/bootstrap build)

bootstrap-test:
	@$(if $(BOOTSTRAPPED),:,script/bootstrap test)

bootstrap-gate:
	@$(if $(BOOTSTRAPPED),:,script/bootstrap gate)

demo: bootstrap quiet-build
	@build/bin/labelqa demo --overwrite

test: bootstrap-test
	$(call build,release)
	@tools/run-tests $(CTEST_ARGUMENTS)

check: bootstrap-gate
	$(call build,release)
	@$(MAKE) --no-print-directory BOOTSTRAPPED=1 checks
	@tools/run-tests

# The parts of the gate that run no program; they need a finished release build.
checks: bootstrap-gate
	@status=0; for name in format style layers symbols docs tidy; do \
	  tools/check-$$name || status=1; \
	done; exit $$status

format: bootstrap-gate
	@tools/check-format --fix

golden-update: bootstrap-test
	$(call build,release)
	@tests/golden/run --update build/bin/labelqa
	@LABELQA_UPDATE_DOCS=1 build/release/test_schema

bench: bootstrap-test
	$(call build,release)
	@tools/run-bench $(BENCH)

sanitize: bootstrap-gate
	$(call build,asan)
	$(call build,tsan)
	@status=0; tools/run-sanitized asan || status=1; tools/run-sanitized tsan || status=1; \
	  exit $$status

fuzz: bootstrap-gate
	$(call build,fuzz,fuzzers)
	@tools/run-fuzz $(FUZZ_SECONDS)

wheel: bootstrap
	$(call build,release)
	@tools/build-wheel

install: bootstrap
	$(call build,release)
	@cmake --install build/release --prefix $(PREFIX)

clean:
	@find build -mindepth 1 -maxdepth 1 ! -name deps ! -name venv -exec rm -rf {} +
