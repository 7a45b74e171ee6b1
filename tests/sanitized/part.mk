# SPDX-License-Identifier: BSD-2-Clause
#
# topo once more under ASan and UBSan, for the suites that run the command: $(BUILD)/sanitized/topo,
# which finds what topo ships beside itself, as $(BUILD)/topo does. topo-server beside it is the same
# behind a main() of its own, for suites that run the command thousands of times.

SANITIZED_TOPO := $(BUILD)/sanitized/topo
SANITIZED_TOPO_SERVER := $(BUILD)/sanitized/topo-server
SANITIZED_TOPO_SOURCES := $(TOPO_SOURCES) $(TOPO_LIB_SOURCES) tests/sanitized/options.c

$(SANITIZED_TOPO): $(SANITIZED_TOPO_SOURCES:%.c=$(BUILD)/unit/obj/%.o) | $(TOPO_SHARE)
	@mkdir -p $(@D)
	$(call step,LD)
	$(Q)ln -sfn ../share $(@D)/share
	$(Q)$(TEST_CC) $(TEST_SANITIZE) -o $@ $(sort $^) $(TOPO_LIBS)

$(SANITIZED_TOPO_SERVER): $(BUILD)/unit/obj/tests/sanitized/server.o \
		$(SANITIZED_TOPO_SOURCES:%.c=$(BUILD)/unit/obj/%.o) | $(SANITIZED_TOPO)
	$(call step,LD)
	$(Q)$(TEST_CC) $(TEST_SANITIZE) -Wl,--wrap=main -o $@ $(sort $^) $(TOPO_LIBS)

test-build: $(SANITIZED_TOPO) $(SANITIZED_TOPO_SERVER)
