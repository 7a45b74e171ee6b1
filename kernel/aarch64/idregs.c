/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ID registers of this CPU, S3_0_C0_C1_0 to S3_0_C0_C7_7 (Arm ARM D19.2), which guests read by
 * their VMM (HCR_EL2.TID3). Those that there are not read as 0.
 */
#include "kernel/aarch64/sysreg.h"
#include "kernel/core/arch.h"

/* In a trapped access's syndrome: op0, op1, CRn and direction; and a read of op0 3, op1 0, CRn 0. */
#define ISS_SPACE 0x31fc01U
#define ISS_ID_READ 0x300001U
#define ISS_CRM(iss) (((iss) >> 1) & 15U)
#define ISS_OP2(iss) (((iss) >> 17) & 7U)

#define IDS(X, crm) X(crm, 0) X(crm, 1) X(crm, 2) X(crm, 3) X(crm, 4) X(crm, 5) X(crm, 6) X(crm, 7)

uint64_t arch_id_register(uint32_t iss)
{
	if ((iss & ISS_SPACE) != ISS_ID_READ) {
		return 0;
	}
	switch (ISS_CRM(iss) << 3 | ISS_OP2(iss)) {
#define X(crm, op2)                                                                                \
	case (crm) << 3 | (op2):                                                                   \
		return sysreg_read(S3_0_C0_C##crm##_##op2);
		IDS(X, 1)
		IDS(X, 2)
		IDS(X, 3)
		IDS(X, 4)
		IDS(X, 5)
		IDS(X, 6)
		IDS(X, 7)
#undef X
	default:
		return 0;
	}
}
