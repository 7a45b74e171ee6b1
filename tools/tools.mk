# SPDX-License-Identifier: BSD-2-Clause
#
# `make lint` and what goes with it; each check is a program tools/lint-NAME of its own.

.PHONY: lint format abi-layout
lint:
	$(MAKE) --no-print-directory setup-test
	BUILD=$(BUILD) tools/lint $(CHECKS)

# Rewrite all C in the form of .clang-format.
format:
	tools/lint-format --fix

# Take the layout of abi/ as it is now for the frozen one.
abi-layout:
	tools/abi-layout $(CC) >abi/layout.txt.new
	mv abi/layout.txt.new abi/layout.txt
