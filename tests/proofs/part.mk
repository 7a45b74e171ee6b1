# SPDX-License-Identifier: BSD-2-Clause
#
# The proofs need no build; `make test` runs them as one of its suites.

.PHONY: proofs
proofs:
	tests/proofs/run
