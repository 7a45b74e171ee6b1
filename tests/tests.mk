# SPDX-License-Identifier: BSD-2-Clause
#
# What the tests build, and `make test`. Two calls of make, so that packages which are missing are
# installed before the first rule that needs them is looked at.

TEST_CC = clang-14
TEST_SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
# Under test a source sees the host's back ends of the kernel and the hosted port of lib.
TEST_CFLAGS = $(filter-out -O2 $(GCC_WARNINGS),$(HOST_CFLAGS)) -O1 -fno-omit-frame-pointer \
	-Itests/unit -Itests/fake_arch -Ilib/port/hosted
# What tests say of themselves in comments: /* links: lib/a.c topo/base */ (a folder stands for all
# that lies in it), /* libs: fdt */ and /* flags: -DX */. Read once, as words NAME=links=lib/a.c;
# $(call test_words,links,NAME) picks, $(call test_links,NAME) are the C files.
TEST_WORDS := $(shell awk '/^\/?\**[ \t]*\*? *(links|libs|flags):.*/ { key = ""; \
	n = split(FILENAME, path, "/"); name = substr(path[n], 1, length(path[n]) - 2); \
	for (i = 1; i <= NF; i++) { if ($$i ~ /^(links|libs|flags):$$/) key = substr($$i, 1, length($$i) - 1); \
	else if (key != "" && $$i != "*/") print name "=" key "=" $$i } }' \
	/dev/null $(wildcard tests/unit/*_test.c tests/fuzz/*_fuzz.c))
test_words = $(patsubst $(2)=$(1)=%,%,$(filter $(2)=$(1)=%,$(TEST_WORDS)))
test_links = $(foreach link,$(call test_words,links,$(1)),$(or $(filter %.c,$(link)), \
	$(wildcard $(link)/*.c)))

include $(wildcard tests/*/*.mk)

.PHONY: test test-build test-run
test:
	$(MAKE) --no-print-directory setup-test
	$(MAKE) --no-print-directory -j$(JOBS) all test-build
	$(MAKE) --no-print-directory test-run

test-build: unit-build fuzz-build

# All system tests, the long ones too, on both boards.
.PHONY: test-long
test-long:
	$(MAKE) --no-print-directory setup-test
	$(MAKE) --no-print-directory -j$(JOBS) all test-build
	@BUILD=$(BUILD) PV_TEST_JOBS=$(JOBS) tests/system/run --long

# Faults planted into a copy of the tree: an hour.
.PHONY: mutants
mutants:
	$(MAKE) --no-print-directory setup-test
	$(MAKE) --no-print-directory -j$(JOBS) programs test-build
	@BUILD=$(BUILD) PV_TEST_JOBS=$(JOBS) tests/mutants/run --all

# TESTS='--only unit' runs a part.
test-run:
	@BUILD=$(BUILD) tests/run $(TESTS)
