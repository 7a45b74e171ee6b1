# SPDX-License-Identifier: BSD-2-Clause
#
# The program that the system tests run inside Linux VMs; small, since it goes in by topo exec.

.PHONY: system-build
system-build: $(BUILD)/system/probe $(BUILD)/system/binary
test-build: system-build

$(BUILD)/system/%.o: tests/system/%.c
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(CROSS)gcc $(WARNINGS) $(GCC_WARNINGS) -D_GNU_SOURCE -I. -Os -MMD -MP -c -o $@ $<

$(BUILD)/system/probe: $(BUILD)/system/probe.o $(BUILD)/system/probe_forge.o \
		$(BUILD)/system/probe_net.o $(BUILD)/system/probe_draw.o \
		$(BUILD)/system/probe_hardware.o $(BUILD)/system/probe_rings.o \
		$(BUILD)/physical/map.o $(BUILD)/physical/module.o
	$(call step,LD)
	$(Q)$(CROSS)gcc -s -Wl,-z,max-page-size=4096 -o $@ $^

# What a VM boots by its entry address alone.
$(BUILD)/system/binary: tests/system/binary.S
	@mkdir -p $(@D)
	$(call step,OBJCOPY)
	$(Q)$(CROSS)gcc -c -o $@.o $<
	$(Q)$(CROSS)objcopy -O binary -j .text $@.o $@
