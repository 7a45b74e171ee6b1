# SPDX-License-Identifier: BSD-2-Clause
#
# `make bench`: the figures of the project. FIGURES='--only code --profile' for parts and details.

.PHONY: bench
bench:
	$(MAKE) --no-print-directory setup-test
	$(MAKE) --no-print-directory -j$(JOBS) all baremetal-build
	bench/run --build $(BUILD) $(FIGURES)
	bench/topo_scale --build $(BUILD)
