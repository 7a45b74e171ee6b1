# SPDX-License-Identifier: BSD-2-Clause
#
# The program that the system tests run inside Linux VMs; small, since it goes in by topo exec.

.PHONY: system-build
system-build: $(BUILD)/system/probe
test-build: system-build

$(BUILD)/system/probe: tests/system/probe.c
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(CROSS)gcc $(WARNINGS) -D_GNU_SOURCE -I. -Os -s -Wl,-z,max-page-size=4096 -MMD -MP -o $@ $<
