# SPDX-License-Identifier: BSD-2-Clause
#
# How tests reach physical memory inside of Linux VMs, whatever their kernel has of /dev/mem: a module
# that lies in the programs which load it, and thus in no image.

PHYSICAL_DIR := $(BUILD)/physical
PHYSICAL_KO := $(PHYSICAL_DIR)/kmod/peervisor_physical.ko

$(PHYSICAL_KO): $(wildcard tests/physical/kmod/*) $(BUILD)/guest-tree.stamp
	$(call step,KBUILD)
	$(call build_modules,tests/physical/kmod)
	$(Q)$(CROSS)strip --strip-debug $@
	@touch $@

$(PHYSICAL_DIR)/module.o: tests/physical/module.S $(PHYSICAL_KO)
	$(call step,AS)
	$(Q)$(CROSS)gcc -Wa,-I$(PHYSICAL_DIR)/kmod -c -o $@ $<

$(PHYSICAL_DIR)/map.o: tests/physical/map.c
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(CROSS)gcc $(HOST_CFLAGS) -D_GNU_SOURCE -MMD -MP -c -o $@ $<
