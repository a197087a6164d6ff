# The front door. Everything is built below build/, one folder a preset (CMakePresets.json).
#   make            the release build: build/release/opshost
#   make test       what a change has to pass: g++ and sanitizers, lint, every suite
#   make ci-full    all that, and clang, ThreadSanitizer, clang-tidy, fuzzing, the static build, the long tests
#   make lint       the checks that need no test run          make format    lets clang-format-19 have its way
#   make generate   docs/reference and docs/types, from the declarations
#   make bench      opshost beside what it replaces           make static    one file that runs anywhere
#   make demo       as root: a site of real servers on this machine, one host of it stopped and brought back
# JOBS=n limits what runs at once (default: one a core). PACKAGES=no installs nothing.
JOBS ?= $(shell nproc)
export JOBS

.PHONY: release dev test ci-full lint format generate bench static demo clean \
  packages-build packages-test packages-bench packages-full

release: packages-build
	tools/build release opshost

dev: packages-test
	tools/build dev

test: packages-test
	tools/build release
	tools/build asan
	tools/run-tests asan "release:!sanitized"

ci-full: packages-full
	tools/ci-full

lint: packages-test
	tools/build release
	tools/run-tests release:lint

format: packages-test
	git ls-files -zco --exclude-standard -- '*.cpp' '*.hpp' | xargs -0 clang-format-19 -i

generate: release
	tools/generate build/release/opshost

bench: packages-bench
	tools/build release all
	tests/bench/run build/release/opshost

static: packages-build
	tools/static

demo:
	tools/demo

clean:
	rm -rf build

ifeq ($(PACKAGES),no)
packages-build packages-test packages-bench packages-full: ;
else
packages-build:
	@tools/install-packages packages.txt:build
packages-test:
	@tools/install-packages packages.txt:build packages.txt:test tests/lab/packages
packages-bench: packages-test
	@tools/install-packages packages.txt:bench
packages-full:
	@tools/install-packages packages.txt tests/lab/packages
endif
