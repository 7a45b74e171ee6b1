# SPDX-License-Identifier: BSD-2-Clause
#
# The guests' kernel and root file systems, copied from the cache that images/*/build fill, and the
# kernel tree that modules are built against: rules that need it depend on GUEST_KERNEL_STAMP and
# use GUEST_KERNEL_TREE.

GUEST_DIR := $(BUILD)/share/peervisor/guest
GUEST_KERNEL_TREE := $(BUILD)/guest-tree
GUEST_KERNEL_STAMP := $(BUILD)/guest-tree.stamp

GUEST_ROOTFS_RECIPE := $(shell find images/rootfs images/agent -type f 2>/dev/null) \
	lib/agent_frame.c lib/agent_frame.h abi/agent.h tools/apt-project

GUEST_ARCHIVES := $(patsubst %,$(GUEST_DIR)/%.cpio,base device gpu fs front front-device front-gpu front-fs)

.PHONY: images guest-tree-lost
images: $(GUEST_DIR)/Image $(GUEST_ARCHIVES) $(GUEST_KERNEL_STAMP)

# The cache may have been emptied since, and apt may have brought another version of the source.
GUEST_KERNEL_WANTED := $(shell CACHE=$(CACHE) CROSS=$(CROSS) images/kernel/build --print 2>/dev/null)
$(GUEST_DIR)/Image $(GUEST_KERNEL_STAMP) &: images/kernel/build images/kernel/config \
		$(if $(wildcard $(GUEST_KERNEL_TREE)/Makefile),,guest-tree-lost) \
		$(and $(GUEST_KERNEL_WANTED),$(if $(filter $(realpath $(GUEST_KERNEL_WANTED)/tree),\
			$(realpath $(GUEST_KERNEL_TREE))),,guest-tree-lost))
	@mkdir -p $(GUEST_DIR)
	$(Q)dir=$$(CACHE=$(CACHE) CROSS=$(CROSS) images/kernel/build) && \
		ln -sfn "$$dir/tree" $(GUEST_KERNEL_TREE) && \
		cp "$$dir/Image" $(GUEST_DIR)/Image && touch $(GUEST_KERNEL_STAMP)

$(GUEST_ARCHIVES) &: $(GUEST_ROOTFS_RECIPE) $(PEERVISOR_AGENT_KO)
	@mkdir -p $(GUEST_DIR)
	$(Q)dir=$$(CACHE=$(CACHE) CROSS=$(CROSS) images/rootfs/build --module $(PEERVISOR_AGENT_KO)) && \
		cp $(GUEST_ARCHIVES:$(GUEST_DIR)/%="$$dir/%") $(GUEST_DIR)
