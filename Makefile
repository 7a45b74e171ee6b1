# SPDX-License-Identifier: BSD-2-Clause
#
# Peervisor's build. Non-recursive: each part describes itself in its PART/PART.mk; this file
# holds what they share. All output goes below $(BUILD).

BUILD ?= build
# release, or debug (run-time assertions of invariants at EL2; never shipped)
VARIANT ?= release
PREFIX ?= /usr/local
CROSS ?= aarch64-linux-gnu-
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/peervisor

CC = gcc
# The target's compiler: gcc, or clang with TARGET_CC='clang-14 --target=aarch64-linux-gnu'
TARGET_CC ?= $(CROSS)gcc
OBJCOPY ?= $(CROSS)objcopy

WARNINGS := -std=c11 -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla -Wcast-qual -Wcast-align \
	-Wpointer-arith -Wwrite-strings -Wformat=2 -Wswitch-enum -Wimplicit-fallthrough \
	-Wnull-dereference
# What only gcc has to say.
GCC_WARNINGS := -Wlogical-op -Wduplicated-cond -Wduplicated-branches
gcc_warnings = $(if $(findstring clang,$(1)),,$(GCC_WARNINGS))
HOST_CFLAGS = $(WARNINGS) $(call gcc_warnings,$(CC)) -O2 -g -fno-common -I.
# EL2 and EL0: no libc, no floating point, nothing that the compiler may call behind our back.
BARE_CFLAGS = $(WARNINGS) $(call gcc_warnings,$(TARGET_CC)) -O2 -g -fno-common -I. -ffreestanding -mgeneral-regs-only \
	-mstrict-align -fno-stack-protector -fno-pic -fno-pie -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -Wframe-larger-than=1024 -ftrivial-auto-var-init=zero \
	-mno-outline-atomics

# A rule shows one line of what it does; with V=1 its commands instead.
Q := $(if $(V),,@)
step = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(@:$(BUILD)/%=%)')
# How many rules run at once in what the README names; plain `make` takes -j as usual.
JOBS ?= $(shell nproc)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

# lib first: its lists of sources are used by the other parts. tests last: they use all lists.
include lib/lib.mk $(filter-out lib/lib.mk tests/tests.mk,$(sort $(wildcard */*.mk))) tests/tests.mk

$(BUILD)/host/%.o: %.c
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(CC) $(HOST_CFLAGS) $(CFLAGS_$(firstword $(subst /, ,$<))) -MMD -MP -c -o $@ $<

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

.PHONY: all programs run install clean setup-run setup-test help
# All that `topo run` needs: each part adds to programs; images are what its VMs boot.
all: programs images
programs:

# The main job, from a fresh machine: set up, build, boot the pair and put it to work.
run:
	$(MAKE) --no-print-directory setup-run
	$(MAKE) --no-print-directory -j$(JOBS) all
	@tools/foreground tools/demo $(BUILD)/topo

setup-run:
	@tools/setup run
setup-test:
	@tools/setup test

# Everybody may read what is installed, whatever the umask is.
INSTALL_TO = $(DESTDIR)$(PREFIX)
install: all
	install -D -m 755 $(BUILD)/topo "$(INSTALL_TO)/bin/topo"
	find $(BUILD)/share/peervisor -type f -printf '%P\n' | while read -r file; do install -D -m 644 \
		"$(BUILD)/share/peervisor/$$file" "$(INSTALL_TO)/share/peervisor/$$file" || exit; done
	chmod 755 $(TOPO_TOOLS:$(BUILD)/%="$(INSTALL_TO)/%")
	install -D -m 644 -t "$(INSTALL_TO)/share/man/man1" $(BUILD)/man/*.1
	install -D -m 644 -t "$(INSTALL_TO)/share/man/man7" $(BUILD)/man/*.7
	install -D -m 644 tools/completion/topo.bash \
		"$(INSTALL_TO)/share/bash-completion/completions/topo"
	install -D -m 644 -t "$(INSTALL_TO)/share/zsh/site-functions" tools/completion/_topo
	install -D -m 644 -t "$(INSTALL_TO)/share/fish/vendor_completions.d" tools/completion/topo.fish
	install -D -m 644 -t "$(INSTALL_TO)/share/vim/vimfiles/syntax" tools/editor/camkes.vim
	install -D -m 644 -t "$(INSTALL_TO)/share/doc/peervisor" docs/*.md docs/*.schema.json
	install -D -m 644 -t "$(INSTALL_TO)/share/doc/peervisor/pictures" docs/pictures/*
	install -D -m 644 -t "$(INSTALL_TO)/share/doc/peervisor/decisions" docs/decisions/*

clean:
	rm -rf $(BUILD)

help:
	@echo "make run      set up, build, boot topologies/simple-pair.camkes and put it to work"
	@echo "              (ONCE=1: stop afterwards instead of leaving it running)"
	@echo "make          build all that topo run needs, below $(BUILD); of it, make images: the"
	@echo "              guests' kernel and root file systems, make programs: the rest"
	@echo "make test     all tests; TESTS='--only unit' runs a part, TESTS=--list names them"
	@echo "make lint     what machines check of the sources; CHECKS='text format' runs a part"
	@echo "make fuzz     the fuzzers, $(FUZZ_SECONDS) s each (FUZZ_SECONDS=N)"
	@echo "make proofs   the proofs"
	@echo "make test-long  all system tests, the long ones too, on both boards"
	@echo "make mutants  plant faults one at a time: does a test see each? an hour"
	@echo "make bench    the figures of the project, each with the command that gave it"
	@echo "make format   bring all C into the form that lint checks"
	@echo "make install  to PREFIX ($(PREFIX)), below DESTDIR"
	@echo "make module-source  the device VM's modules as a package for another Linux"
	@echo "make clean    remove $(BUILD); what was downloaded or takes long to build is kept in"
	@echo "              $(CACHE)"
	@echo "Settings: V=1 shows commands, BUILD=DIR, VARIANT=debug checks invariants at run time,"
	@echo "TARGET_CC=COMPILER for EL2 and EL0, JOBS=N rules at once (make -jN as usual)"
