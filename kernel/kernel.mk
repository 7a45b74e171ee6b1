# SPDX-License-Identifier: BSD-2-Clause
#
# The kernel: $(BUILD)/share/peervisor/kernel.bin, a flat binary with its bss, for the board
# KERNEL_BOARD, whose rows abi/boards/$(KERNEL_BOARD).h has.

KERNEL_BOARD ?= qemu_virt
KERNEL_ROWS := -DBOARD_ROWS='"abi/boards/$(KERNEL_BOARD).h"'
KERNEL_DIR := $(BUILD)/kernel
# One file for each version of an SMMU.
KERNEL_SMMU := $(shell sed -n 's/^.define BOARD_SMMU //p' abi/boards/$(KERNEL_BOARD).h)
KERNEL_SOURCES := $(filter-out kernel/aarch64/smmuv%.c,$(sort $(wildcard kernel/arm/*.c kernel/core/*.c kernel/aarch64/*.[cS]))) \
	kernel/aarch64/smmuv$(KERNEL_SMMU).c kernel/drivers/pl011.c \
	kernel/variants/$(VARIANT).c $(LIB_KERNEL_SOURCES)
KERNEL_OBJECTS := $(patsubst %,$(KERNEL_DIR)/%.o,$(basename $(KERNEL_SOURCES)))
KERNEL_CFLAGS = $(BARE_CFLAGS) -Ikernel/aarch64 -Ikernel/variants/$(VARIANT) -Ilib/port/free $(KERNEL_ROWS) -fstack-usage

programs: $(BUILD)/share/peervisor/kernel.bin

$(KERNEL_DIR)/%.o: %.c
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(TARGET_CC) $(KERNEL_CFLAGS) -MMD -MP -c -o $@ $<

$(KERNEL_DIR)/%.o: %.S
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(TARGET_CC) -I. -MMD -MP -c -o $@ $<

$(KERNEL_DIR)/kernel.ld: kernel/aarch64/kernel.ld abi/boards/$(KERNEL_BOARD).h
	@mkdir -p $(@D)
	$(call step,CPP)
	$(Q)$(TARGET_CC) -E -P -x c -I. $(KERNEL_ROWS) -o $@ $<

$(KERNEL_DIR)/kernel.elf: $(KERNEL_OBJECTS) $(KERNEL_DIR)/kernel.ld
	$(call step,LD)
	$(Q)$(CROSS)ld -nostdlib -static --gc-sections --no-warn-rwx-segments -z noexecstack \
		-T $(KERNEL_DIR)/kernel.ld -o $@ $(KERNEL_OBJECTS)

$(BUILD)/share/peervisor/kernel.bin: $(KERNEL_DIR)/kernel.elf
	@mkdir -p $(@D)
	$(call step,OBJCOPY)
	$(Q)$(OBJCOPY) -O binary --set-section-flags .bss=alloc,load,contents $< $@
