# SPDX-License-Identifier: BSD-2-Clause
#
# The loader: position-independent code and a table, the same for each VM, flat as the VM finds it.

LOADER_BIN := $(BUILD)/share/peervisor/loader.bin

.PHONY: loader
loader: $(LOADER_BIN)
programs: $(LOADER_BIN)

$(BUILD)/loader/loader.elf: loader/loader.S
	@mkdir -p $(@D)
	$(call step,LD)
	$(Q)$(CROSS)gcc -nostdlib -static -no-pie -Wl,-Ttext=0 -Wl,--build-id=none -o $@ $<

$(LOADER_BIN): $(BUILD)/loader/loader.elf
	@mkdir -p $(@D)
	$(call step,OBJCOPY)
	$(Q)$(CROSS)objcopy -O binary -j .text $< $@
