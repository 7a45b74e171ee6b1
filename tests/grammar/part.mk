# SPDX-License-Identifier: BSD-2-Clause
#
# topo's parser alone, $(BUILD)/grammar/parse, to which tests/grammar/run gives texts.

GRAMMAR_TEST_SOURCES := tests/grammar/parse.c $(wildcard topo/language/*.c topo/diag/*.c topo/base/*.c)

$(BUILD)/grammar/parse: $(GRAMMAR_TEST_SOURCES:%.c=$(BUILD)/unit/obj/%.o)
	@mkdir -p $(@D)
	$(call step,LD)
	$(Q)$(TEST_CC) $(TEST_SANITIZE) -o $@ $^

test-build: $(BUILD)/grammar/parse
