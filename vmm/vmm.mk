# SPDX-License-Identifier: BSD-2-Clause
#
# The VMM: one static EL0 program, the same for each VM; its VM's personality is a page of data.

VMM_ELF := $(BUILD)/share/peervisor/vmm.elf
VMM_SOURCES := $(wildcard vmm/*/*.c) $(LIB_VMM_SOURCES)
VMM_OBJECTS := $(BUILD)/el0/vmm/aarch64/start.o $(VMM_SOURCES:%.c=$(BUILD)/el0/%.o)
VMM_CFLAGS = $(BARE_CFLAGS) -Ilib/port/free
VMM_LDFLAGS := -nostdlib -static -no-pie -Wl,-T,vmm/vmm.ld -Wl,--gc-sections \
	-Wl,-z,max-page-size=4096 -Wl,-z,noexecstack -Wl,--build-id=none -Wl,--fatal-warnings

.PHONY: vmm
vmm: $(VMM_ELF)
programs: $(VMM_ELF)

$(BUILD)/el0/%.o: %.c
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(TARGET_CC) $(VMM_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/el0/%.o: %.S
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(TARGET_CC) $(VMM_CFLAGS) -MMD -MP -c -o $@ $<

$(VMM_ELF): $(VMM_OBJECTS) vmm/vmm.ld
	@mkdir -p $(@D)
	$(call step,LD)
	$(Q)$(CROSS)gcc $(VMM_LDFLAGS) -o $@ $(VMM_OBJECTS)
