# SPDX-License-Identifier: BSD-2-Clause
#
# Fuzzers: each tests/fuzz/NAME_fuzz.c defines LLVMFuzzerTestOneInput and becomes
# $(BUILD)/fuzz/NAME_fuzz, with the sources of its comments "links: ...". tests/fuzz/corpus/NAME/
# holds its seeds, where it has any. `make test` runs each for some seconds, `make fuzz` for
# FUZZ_SECONDS.

FUZZ_TESTS := $(basename $(notdir $(wildcard tests/fuzz/*_fuzz.c)))
FUZZ_SECONDS ?= 600

.PHONY: fuzz fuzz-build
fuzz-build: $(FUZZ_TESTS:%=$(BUILD)/fuzz/%)

fuzz: fuzz-build
	BUILD=$(BUILD) tests/run --only fuzz --fuzz-seconds $(FUZZ_SECONDS)

$(BUILD)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(TEST_CC) $(TEST_CFLAGS) -fsanitize=fuzzer-no-link $(TEST_SANITIZE) \
		$(CFLAGS_$(firstword $(subst /, ,$<))) -MMD -MP -c -o $@ $<

define fuzz_rule
$(BUILD)/fuzz/$(1): $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,tests/fuzz/$(1).c \
		$(call test_links,$(1)))
	$$(call step,LD)
	$$(Q)$$(TEST_CC) -fsanitize=fuzzer $$(TEST_SANITIZE) -o $$@ $$^ \
		$(patsubst %,-l%,$(call test_words,libs,$(1)))
endef
$(foreach test,$(FUZZ_TESTS),$(eval $(call fuzz_rule,$(test))))
