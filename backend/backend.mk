# SPDX-License-Identifier: BSD-2-Clause
#
# What a device VM needs besides a stock root file system: the kernel module and the daemon, packed
# into an archive that topo adds to the device VM's initial root file system, or into another one if that
# is of the user's: there the back ends have a root directory of their own.

BACKEND_DIR := $(BUILD)/backend
BACKEND_CPIO := $(BUILD)/share/peervisor/guest/backend.cpio
BACKEND_FRONT_CPIO := $(BUILD)/share/peervisor/guest/front-backend.cpio

# The daemon: a static program of the guest's architecture.
PEERVISORD := $(BACKEND_DIR)/peervisord
PEERVISORD_SOURCES := $(wildcard backend/daemon/*.c) lib/iobuf.c
PEERVISORD_OBJECTS := $(PEERVISORD_SOURCES:%.c=$(BACKEND_DIR)/%.o)
CFLAGS_backend := -D_GNU_SOURCE -Ilib/port/hosted

# The program that serves disks in memory.
PEERVISOR_DISK := $(BACKEND_DIR)/peervisor-disk
PEERVISOR_DISK_SOURCES := $(wildcard backend/disk/*.c) backend/daemon/vring.c backend/daemon/ring.c
PEERVISOR_DISK_OBJECTS := $(PEERVISOR_DISK_SOURCES:%.c=$(BACKEND_DIR)/%.o)

.PHONY: backend
backend: $(PEERVISORD) $(PEERVISOR_DISK)
programs: backend

$(BACKEND_DIR)/%.o: %.c
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(CROSS)gcc $(HOST_CFLAGS) $(CFLAGS_backend) -MMD -MP -c -o $@ $<

$(PEERVISORD): $(PEERVISORD_OBJECTS)
	$(call step,LD)
	$(Q)$(CROSS)gcc -static -o $@ $^

$(PEERVISOR_DISK): $(PEERVISOR_DISK_OBJECTS)
	$(call step,LD)
	$(Q)$(CROSS)gcc -static -o $@ $^

# The modules: kbuild writes beside the sources, so it gets copies of them. Their dates are those of
# the sources: what has not changed is not built again. That of the agent goes into every VM's root.
PEERVISOR_KO := $(BACKEND_DIR)/kmod/peervisor_connection.ko
PEERVISOR_AGENT_KO := $(BACKEND_DIR)/kmod/peervisor_agent.ko
PEERVISOR_KO_SOURCES := $(wildcard backend/kmod/*) abi/agent.h abi/backend.h abi/vmm.h \
	$(wildcard lib/port/linux/*)
KBUILD_FLAGS = ARCH=arm64 CROSS_COMPILE=$(CROSS) M=$(abspath $(@D)) PV_ROOT=$(CURDIR) W=1 \
	KBUILD_MODPOST_WARN=0 KCFLAGS=-Werror
# Those of folder $(1), beside the target. What was built for another kernel may be younger than this one's tree,
# and would stay.
define build_modules
	$(if $(word 2,$(CURDIR)),$(error Linux builds modules in no directory with a space in its name))
	$(if $(filter %/guest-tree.stamp,$?),$(Q)rm -rf $(@D))
	@mkdir -p $(@D)
	$(Q)cp -p $(1)/* $(@D)
	$(Q)unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES; \
		$(MAKE) --no-print-directory -C $(BUILD)/guest-tree/ $(KBUILD_FLAGS) modules $(if $(V),,> $(@D)/log 2>&1 || \
		{ cat $(@D)/log; exit 1; })
endef

$(PEERVISOR_KO) $(PEERVISOR_AGENT_KO) &: $(PEERVISOR_KO_SOURCES) $(BUILD)/guest-tree.stamp
	$(call step,KBUILD)
	$(call build_modules,backend/kmod)
	@touch $(PEERVISOR_KO) $(PEERVISOR_AGENT_KO)

# The modules' sources as a package, for a Linux of one's own (docs/device-vm.md): the same bytes in
# each build. Its version is that of what module and daemon agree upon.
MODULE_SOURCE_VERSION = $(shell sed -n 's/^.define PV_BACKEND_VERSION \([0-9]*\)U$$/\1/p' abi/backend.h)
MODULE_SOURCE = $(BUILD)/peervisor-modules-$(MODULE_SOURCE_VERSION).tar.gz
.PHONY: module-source
module-source: $(BUILD)/module-source.stamp

$(BUILD)/module-source.stamp: $(PEERVISOR_KO_SOURCES) $(wildcard backend/package/*) LICENSE
	@mkdir -p $(@D)
	$(Q)rm -rf $(@D)/module-source
	$(Q)mkdir -p $(@D)/module-source
	$(Q)cp backend/kmod/* backend/package/* LICENSE $(@D)/module-source
	$(Q)cp --parents $(filter abi/% lib/%,$^) $(@D)/module-source
	$(Q)sed -i 's/@VERSION@/$(MODULE_SOURCE_VERSION)/' $(@D)/module-source/dkms.conf
	@printf '  %-7s %s\n' PACK $(notdir $(MODULE_SOURCE))
	$(Q)tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w \
		--transform='s,^\.,peervisor-modules-$(MODULE_SOURCE_VERSION),' -C $(@D)/module-source -c . | \
		gzip -n9 > $(MODULE_SOURCE)
	@touch $@

$(BACKEND_CPIO) $(BACKEND_FRONT_CPIO) &: $(PEERVISORD) $(PEERVISOR_DISK) $(PEERVISOR_KO) images/rootfs/pack
	$(call step,PACK)
	$(Q)rm -rf $(BACKEND_DIR)/root $(BACKEND_DIR)/front
	$(Q)install -D -m 644 $(PEERVISOR_KO) $(BACKEND_DIR)/root/lib/modules/peervisor_connection.ko
	$(Q)install -D -m 755 $(PEERVISORD) $(BACKEND_DIR)/root/usr/sbin/peervisord
	$(Q)install -m 755 $(PEERVISOR_DISK) $(BACKEND_DIR)/root/usr/sbin/peervisor-disk
	$(Q)$(CROSS)strip $(BACKEND_DIR)/root/usr/sbin/peervisord $(BACKEND_DIR)/root/usr/sbin/peervisor-disk
	$(Q)$(CROSS)strip --strip-debug $(BACKEND_DIR)/root/lib/modules/peervisor_connection.ko
	$(Q)images/rootfs/pack $(BACKEND_DIR)/root $(BACKEND_CPIO)
	$(Q)mkdir -p $(BACKEND_DIR)/front/.peervisor
	$(Q)cp -R $(BACKEND_DIR)/root $(BACKEND_DIR)/front/.peervisor/back
	$(Q)images/rootfs/pack $(BACKEND_DIR)/front $(BACKEND_FRONT_CPIO)

images: $(BACKEND_CPIO) $(BACKEND_FRONT_CPIO)
