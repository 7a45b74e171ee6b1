# SPDX-License-Identifier: BSD-2-Clause
#
# `make bench`: the figures of the project. FIGURES='--only code --profile' for parts and details.

# What tells bench/datapath.py how often each block of code ran: a plugin of QEMU, and a program for
# a guest.
BENCH_DIR := $(BUILD)/bench
CFLAGS_bench := -D_GNU_SOURCE

$(BENCH_DIR)/datapath_plugin.so: bench/datapath_plugin.c
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(CC) $(HOST_CFLAGS) $(CFLAGS_bench) -shared -fPIC -fvisibility=hidden -MMD -MP -o $@ $<

$(BENCH_DIR)/datapath_mark: bench/datapath_mark.S
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(TARGET_CC) -nostdlib -static -o $@ $<

.PHONY: bench bench-build
bench-build: baremetal-build $(BENCH_DIR)/datapath_plugin.so $(BENCH_DIR)/datapath_mark
test-build: bench-build
bench:
	$(MAKE) --no-print-directory setup-test
	$(MAKE) --no-print-directory -j$(JOBS) all bench-build
	bench/run --build $(BUILD) $(FIGURES)
	bench/topo_scale --build $(BUILD)
