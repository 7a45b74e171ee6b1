# SPDX-License-Identifier: BSD-2-Clause
#
# The runner joins topo: further prerequisites of the program that topo.mk links.

RUNNER_SOURCES := $(wildcard topo/runner/*.c) lib/agent_frame.c

$(BUILD)/topo: $(RUNNER_SOURCES:%.c=$(BUILD)/host/%.o)
