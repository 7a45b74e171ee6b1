# SPDX-License-Identifier: BSD-2-Clause
#
# topo, the compiler, analyser and runner of topologies. Every C file in a folder of topo/ joins by
# itself. The files that topo ships lie beside the program in share/peervisor/, where it looks for
# them.

TOPO_SOURCES := $(wildcard topo/*.c topo/*/*.c)
# Code that the build host shares with the target; the host has a libc of its own.
TOPO_LIB_SOURCES := $(filter-out lib/freestanding%.c,$(wildcard lib/*.c))
TOPO_OBJECTS := $(patsubst %.c,$(BUILD)/host/%.o,$(TOPO_SOURCES) $(TOPO_LIB_SOURCES))
TOPO_LIBS := -lfdt -ljson-c -lelf -lz -llzma -lzstd -llz4 -lcrypto

CFLAGS_topo := -D_GNU_SOURCE

TOPO_SHIPPED := $(shell find topo/configurations topo/help -type f 2>/dev/null)
TOPO_TOOLS := $(BUILD)/share/peervisor/debian-root $(BUILD)/share/peervisor/apt-project
TOPO_SHARE := $(patsubst topo/%,$(BUILD)/share/peervisor/%,$(TOPO_SHIPPED)) $(TOPO_TOOLS)

$(BUILD)/topo: $(TOPO_OBJECTS) | $(TOPO_SHARE)
	$(call step,LD)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(sort $^) $(TOPO_LIBS)

define topo_ship
	@mkdir -p $(@D)
	$(call step,COPY)
	$(Q)cp $< $@
endef
$(filter-out $(TOPO_TOOLS),$(TOPO_SHARE)): $(BUILD)/share/peervisor/%: topo/%
	$(topo_ship)
# What makes root file systems of packages.
$(TOPO_TOOLS): $(BUILD)/share/peervisor/%: tools/%
	$(topo_ship)

# The manual pages, from what topo says of itself.
$(BUILD)/man/topo.1: tools/man-pages $(BUILD)/topo $(TOPO_SHARE)
	$(call step,MAN)
	$(Q)tools/man-pages $(BUILD)/topo $(BUILD)/man

.PHONY: topo test-topo
topo: $(BUILD)/topo $(TOPO_SHARE)
programs: topo $(BUILD)/man/topo.1

test-topo: topo
	tests/topo/run $(BUILD)/topo
