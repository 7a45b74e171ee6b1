# SPDX-License-Identifier: BSD-2-Clause
#
# The program that plays a driver VM inside of the device VM, and the daemon under UBSan, whose
# findings are traps, since no run-time library fits into the VM; tests/backend/run boots both.

BACKEND_TEST := $(BUILD)/backend-test/driver
BACKEND_TEST_SOURCES := $(wildcard tests/backend/*.c) lib/iobuf.c

TRAPPING_DAEMON := $(BUILD)/backend-test/peervisord
TRAPPING_DISK := $(BUILD)/backend-test/peervisor-disk

.PHONY: backend-test-build
backend-test-build: $(BACKEND_TEST) $(TRAPPING_DAEMON) $(TRAPPING_DISK) $(BUILD)/share/peervisor/guest/backend.cpio \
	$(BUILD)/share/peervisor/guest/base.cpio $(BUILD)/share/peervisor/guest/device.cpio \
	$(BUILD)/share/peervisor/guest/Image
test-build: backend-test-build

# What dies under a busy disk, COUNT times; and under a busy pair, from the moments of SEED.
COUNT ?= 200
SEED ?= 1
.PHONY: crashes
crashes: all backend-test-build system-build
	$(Q)tests/backend/run --crashes $(COUNT) --seed $(SEED)
	$(Q)PV_CRASHES=$(COUNT) PV_SEED=$(SEED) tests/system/run --only Crashes
	$(Q)PV_CRASHES=$(COUNT) PV_SEED=$(SEED) tests/system/run --only DeviceVmCrashes

$(BUILD)/backend-test/%.o: %.c
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(CROSS)gcc $(HOST_CFLAGS) -D_GNU_SOURCE -Ilib/port/hosted -MMD -MP -c -o $@ $<

$(BACKEND_TEST): $(BACKEND_TEST_SOURCES:%.c=$(BUILD)/backend-test/%.o) \
		$(BUILD)/physical/map.o $(BUILD)/physical/module.o
	$(call step,LD)
	$(Q)$(CROSS)gcc -static -o $@ $^

$(BUILD)/backend-test/trapping/%.o: %.c
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(CROSS)gcc $(filter-out -Wnull-dereference,$(HOST_CFLAGS)) $(CFLAGS_backend) \
		-fsanitize=undefined -fsanitize-undefined-trap-on-error -MMD -MP -c -o $@ $<

$(TRAPPING_DAEMON): $(PEERVISORD_SOURCES:%.c=$(BUILD)/backend-test/trapping/%.o)
	$(call step,LD)
	$(Q)$(CROSS)gcc -static -o $@ $^

$(TRAPPING_DISK): $(PEERVISOR_DISK_SOURCES:%.c=$(BUILD)/backend-test/trapping/%.o)
	$(call step,LD)
	$(Q)$(CROSS)gcc -static -o $@ $^
