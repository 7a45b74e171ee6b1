# SPDX-License-Identifier: BSD-2-Clause
#
# The kernels: for each board NAME of KERNEL_BOARDS, whose rows abi/boards/NAME.h has (with _ for -),
# $(BUILD)/share/peervisor/kernel-NAME.bin, a flat binary with its bss.

KERNEL_BOARDS ?= $(subst _,-,$(patsubst abi/boards/%.h,%,$(shell grep -l '^.define BOARD_ID PV_' abi/boards/*.h)))
KERNEL_BINARIES := $(KERNEL_BOARDS:%=$(BUILD)/share/peervisor/kernel-%.bin)
# Of these there is a file for each version of the device, 0 for none; the board's rows say which.
KERNEL_VERSIONED := kernel/aarch64/gicv%.c kernel/aarch64/itsv%.c kernel/aarch64/smmuv%.c
KERNEL_SOURCES := $(filter-out $(KERNEL_VERSIONED),$(sort $(wildcard kernel/arm/*.c kernel/core/*.c kernel/aarch64/*.[cS]))) \
	kernel/drivers/pl011.c kernel/variants/$(VARIANT).c $(LIB_KERNEL_SOURCES)
KERNEL_CFLAGS = $(BARE_CFLAGS) -Ikernel/aarch64 -Ikernel/variants/$(VARIANT) -Ilib/port/free -fstack-usage

programs: $(KERNEL_BINARIES)

# kernel_row BOARD,ROW: the number that it is.
kernel_row = $(shell cpp -P -dM -I. abi/boards/$(subst -,_,$(1)).h | sed -n 's/^.define BOARD_$(2) //p')
kernel_sources = $(KERNEL_SOURCES) kernel/aarch64/gicv$(call kernel_row,$(1),GIC_VERSION).c \
	kernel/aarch64/itsv$(call kernel_row,$(1),ITS).c kernel/aarch64/smmuv$(call kernel_row,$(1),SMMU).c
# kernel_rules BOARD,FILE OF ITS ROWS,DIRECTORY
define kernel_rules
$(3)/%: KERNEL_ROWS := -DBOARD_ROWS='"$(2)"'

$(3)/%.o: %.c
	@mkdir -p $$(@D)
	$$(call step,CC)
	$$(Q)$$(TARGET_CC) $$(KERNEL_CFLAGS) $$(KERNEL_ROWS) -MMD -MP -c -o $$@ $$<

$(3)/%.o: %.S
	@mkdir -p $$(@D)
	$$(call step,CC)
	$$(Q)$$(TARGET_CC) -I. -MMD -MP -c -o $$@ $$<

$(3)/kernel.ld: kernel/aarch64/kernel.ld $(2)
	@mkdir -p $$(@D)
	$$(call step,CPP)
	$$(Q)$$(TARGET_CC) -E -P -x c -I. $$(KERNEL_ROWS) -o $$@ $$<

$(3)/kernel.elf: $(patsubst %,$(3)/%.o,$(basename $(call kernel_sources,$(1)))) $(3)/kernel.ld
	$$(call step,LD)
	$$(Q)$$(CROSS)ld -nostdlib -static --gc-sections --no-warn-rwx-segments -z noexecstack \
		-T $(3)/kernel.ld -o $$@ $$(filter %.o,$$^)

$(BUILD)/share/peervisor/kernel-$(1).bin: $(3)/kernel.elf
	@mkdir -p $$(@D)
	$$(call step,OBJCOPY)
	$$(Q)$$(OBJCOPY) -O binary --set-section-flags .bss=alloc,load,contents $$< $$@
endef
$(foreach board,$(KERNEL_BOARDS),$(eval \
	$(call kernel_rules,$(board),abi/boards/$(subst -,_,$(board)).h,$(BUILD)/kernel/$(board))))
