/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest reads of the system registers that it does not have as they are: PV_MSG_SYSREG. That
 * hides what does not work for it, so that it need not find out; what keeps the machine from it is
 * that the kernel traps these registers.
 */
#ifndef VMM_VM_SYSREGS_H
#define VMM_VM_SYSREGS_H

#include <stdbool.h>
#include <stdint.h>

/** Does the access with syndrome @esr read the physical counter? It counts as the virtual one does. */
bool sysreg_is_counter(uint64_t esr);

/**
 * What the access with syndrome @esr reads; what it writes is ignored. @there: what the CPU has in
 * this ID register. @has_gicv3: the guest's CPU interface is one of system registers. False: the
 * register is none of the guest's, the access is undefined.
 */
bool sysreg_read(uint64_t esr, uint64_t there, bool has_gicv3, uint64_t *value);

#endif
