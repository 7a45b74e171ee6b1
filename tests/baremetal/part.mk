# SPDX-License-Identifier: BSD-2-Clause
#
# The programs of the bare-metal tests: one guest and one VMM, each holding all its programs, which
# cases name by symbol. tests/baremetal/run puts them into system images.

BAREMETAL_DIR := $(BUILD)/baremetal
baremetal_objects = $(patsubst tests/baremetal/%,$(BAREMETAL_DIR)/%.o,\
	$(wildcard tests/baremetal/$(1)*.c tests/baremetal/$(1)*.S))

.PHONY: baremetal-build
baremetal-build: $(addprefix $(BAREMETAL_DIR)/,guest.elf vmm.elf sweep.image sweep_vmm.elf firmware.bin)
test-build: baremetal-build

define BAREMETAL_CC
@mkdir -p $(@D)
$(call step,CC)
$(Q)$(TARGET_CC) $(BARE_CFLAGS) -Ilib/port/free -MMD -MP -c -o $@ $<
endef

$(BAREMETAL_DIR)/%.o: tests/baremetal/%
	$(BAREMETAL_CC)
$(BAREMETAL_DIR)/freestanding.o: lib/freestanding.c
	$(BAREMETAL_CC)

# What system registers are to a guest is one thing, whatever its VMM.
$(BAREMETAL_DIR)/sysregs.o: vmm/vm/sysregs.c
	$(BAREMETAL_CC)

$(BAREMETAL_DIR)/guest.elf: tests/baremetal/guest.ld $(call baremetal_objects,guest)
$(BAREMETAL_DIR)/vmm.elf: tests/baremetal/vmm.ld $(call baremetal_objects,vmm) $(BAREMETAL_DIR)/sysregs.o
$(BAREMETAL_DIR)/guest.elf $(BAREMETAL_DIR)/vmm.elf: $(BAREMETAL_DIR)/freestanding.o
$(BAREMETAL_DIR)/%.elf:
	$(call step,LD)
	$(Q)$(CROSS)ld -nostdlib -static --no-warn-rwx-segments -z max-page-size=4096 -o $@ -T $^

# What runs at EL3, at address 0, in the place of a machine's firmware.
$(BAREMETAL_DIR)/firmware.elf: $(BAREMETAL_DIR)/firmware.S.o
	$(call step,LD)
	$(Q)$(CROSS)ld -nostdlib -static -Ttext 0 -o $@ $<
$(BAREMETAL_DIR)/firmware.bin: $(BAREMETAL_DIR)/firmware.elf
	$(call step,OBJCOPY)
	$(Q)$(CROSS)objcopy -O binary -j .text $< $@

# The sweep of a topology's address spaces: an arm64 Image and a VMM in the place of the true ones.
$(BAREMETAL_DIR)/sweep.elf: tests/baremetal/sweep.ld $(addprefix $(BAREMETAL_DIR)/,\
		sweep_start.S.o sweep_guest.c.o)
$(BAREMETAL_DIR)/sweep.image: $(BAREMETAL_DIR)/sweep.elf
	$(call step,OBJCOPY)
	$(Q)$(CROSS)objcopy -O binary $< $@
$(BAREMETAL_DIR)/sweep_vmm.elf: tests/baremetal/vmm.ld $(addprefix $(BAREMETAL_DIR)/,\
		sweep_vmm.c.o vmm.c.o vmm_start.S.o sysregs.o freestanding.o)
	$(call step,LD)
	$(Q)$(CROSS)ld -nostdlib -static --no-warn-rwx-segments -z max-page-size=4096 -e sweep_start \
		-o $@ -T $^
