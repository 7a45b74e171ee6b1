# SPDX-License-Identifier: BSD-2-Clause
#
# The runner's integration tests: the real commands on a stand-in front end, which reads a scenario
# instead of a topology, and the real agent as a program of the build host. Both under sanitizers.
# tests/runner/run drives them against tests/runner/fake_qemu.

RUNNER_TEST_SOURCES := tests/runner/standin.c \
	$(patsubst %,topo/commands/%.c,run load console logs logs_lines ps stats stop exec terminal cp port port_stream life inspect events status option option_help streams) $(wildcard topo/runner/*.c) \
	$(patsubst %,topo/base/%.c,arena quote regular say suggest utf8) topo/image/digest.c lib/agent_frame.c

$(BUILD)/runner/topo: $(RUNNER_TEST_SOURCES:%.c=$(BUILD)/unit/obj/%.o)
	@mkdir -p $(@D)
	$(call step,LD)
	$(Q)$(TEST_CC) $(TEST_SANITIZE) -o $@ $^ -lcrypto

AGENT_SOURCES := $(wildcard images/agent/*.c) lib/agent_frame.c

$(BUILD)/runner/agent: $(AGENT_SOURCES:%.c=$(BUILD)/unit/obj/%.o)
	@mkdir -p $(@D)
	$(call step,LD)
	$(Q)$(TEST_CC) $(TEST_SANITIZE) -o $@ $^

$(BUILD)/runner/health: images/rootfs/health.c
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(TEST_CC) $(TEST_CFLAGS) $(TEST_SANITIZE) -o $@ $<

$(BUILD)/runner/once: images/rootfs/once.c
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(TEST_CC) $(TEST_CFLAGS) $(TEST_SANITIZE) -o $@ $<

test-build: $(BUILD)/runner/topo $(BUILD)/runner/agent $(BUILD)/runner/health $(BUILD)/runner/once
