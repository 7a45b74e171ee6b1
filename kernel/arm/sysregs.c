/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers that read as zero and ignore writes: Arm ARM D22 (tables of debug and
 * performance-monitor registers).
 */
#include "kernel/arm/syndrome.h"
#include "lib/bits.h"

static const struct {
	uint8_t op0, op1, crn, crm_first, crm_last;
} silent[] = {
	/* clang-format off */
	{1, 0,  7,  6, 14}, /* DC ISW, CSW, CISW: a guest cannot own a cache */
	{2, 0,  0,  0, 15}, /* MDCCINT, MDSCR, DBGBVR.. DBGWCR, OSDTRRX/TX, OSECCR */
	{2, 0,  1,  0, 15}, /* MDRAR, OSLAR, OSLSR, OSDLR, DBGPRCR */
	{2, 0,  7,  8, 14}, /* DBGCLAIM, DBGAUTHSTATUS */
	{2, 3,  0,  1,  7}, /* MDCCSR, DBGDTR */
	{3, 0,  1,  0,  0}, /* ACTLR_EL1 */
	{3, 0,  9, 14, 14}, /* PMINTENSET, PMINTENCLR, PMMIR */
	{3, 3,  9, 12, 14}, /* PMCR .. PMOVSSET */
	{3, 3, 14,  8, 15}, /* PMEVCNTR, PMEVTYPER, PMCCFILTR */
	/* clang-format on */
};

bool sysreg_is_silent(uint32_t iss)
{
	uint32_t op0 = (iss >> 20) & 3;
	uint32_t op1 = (iss >> 14) & 7;
	uint32_t crn = (iss >> 10) & 15;
	uint32_t crm = (iss >> 1) & 15;

	for (uint32_t i = 0; i < ARRAY_COUNT(silent); i++) {
		if (silent[i].op0 == op0 && silent[i].op1 == op1 && silent[i].crn == crn &&
		    crm >= silent[i].crm_first && crm <= silent[i].crm_last) {
			return true;
		}
	}
	return false;
}
