# SPDX-License-Identifier: BSD-2-Clause
#
# What the system tests bring into a device VM.

SYSTEM_ATTACK := $(BUILD)/system/attack

test-build: $(SYSTEM_ATTACK)

$(SYSTEM_ATTACK): tests/system/attack.c
	@mkdir -p $(@D)
	$(CROSS)gcc $(filter-out -Wcast-qual -Wcast-align,$(HOST_CFLAGS)) -D_GNU_SOURCE -static -s -o $@ $<
