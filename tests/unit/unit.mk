# SPDX-License-Identifier: BSD-2-Clause
#
# Unit tests: each tests/unit/NAME_test.c becomes a cmocka program $(BUILD)/unit/NAME_test, with
# the sources that its comments "links: ..." name, all under ASan and UBSan.

UNIT_TESTS := $(basename $(notdir $(wildcard tests/unit/*_test.c)))

.PHONY: unit-build
unit-build: $(UNIT_TESTS:%=$(BUILD)/unit/%)

$(BUILD)/unit/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(TEST_CC) $(TEST_CFLAGS) $(TEST_SANITIZE) $(CFLAGS_$(firstword $(subst /, ,$<))) \
		-MMD -MP -c -o $@ $<

define unit_rule
$(BUILD)/unit/obj/tests/unit/$(1).o: TEST_CFLAGS += $(call test_words,flags,$(1))
$(BUILD)/unit/$(1): $(patsubst %.c,$(BUILD)/unit/obj/%.o,tests/unit/$(1).c \
		$(call test_links,$(1)))
	$$(call step,LD)
	$$(Q)$$(TEST_CC) $$(TEST_SANITIZE) -o $$@ $$^ $(patsubst %,-l%,$(call test_words,libs,$(1))) -lcmocka
endef
$(foreach test,$(UNIT_TESTS),$(eval $(call unit_rule,$(test))))
