/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PSCI and SMCCC for the guest (psci.h). One table names every function that exists: PSCI_FEATURES
 * and the dispatcher both read it, so that they cannot disagree. Functions of the 32-bit calling
 * convention see 32-bit arguments.
 */
#include "vmm/vm/psci.h"

#include <stddef.h>

#include "lib/bits.h"

#define CALL_64BIT 0x40000000U /* SMC64 calling convention */

/* PSCI return codes (DEN 0022D, 5.2.2). */
#define PSCI_SUCCESS 0
#define PSCI_NOT_SUPPORTED (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_ALREADY_ON (-4)
#define PSCI_INTERNAL_FAILURE (-6)

#define PSCI_VERSION_1_1 0x10001
#define SMCCC_VERSION_1_1 0x10001
#define AFFINITY_ON 0
#define AFFINITY_OFF 1
#define MIGRATE_NO_TRUSTED_OS 2

#define SMCCC_VERSION 0x80000000U
#define SMCCC_ARCH_FEATURES 0x80000001U
#define PSCI_CPU_ON 0x84000003U
#define PSCI_AFFINITY_INFO 0x84000004U

static struct reply resume(int64_t value)
{
	return (struct reply){.kind = PV_REPLY_RESUME, .value = (uint64_t)value};
}

static struct reply version(struct psci *psci, uint32_t vcpu, const uint64_t argument[4])
{
	(void)psci;
	(void)vcpu;
	(void)argument;
	return resume(PSCI_VERSION_1_1);
}

static struct reply cpu_off(struct psci *psci, uint32_t vcpu, const uint64_t argument[4])
{
	(void)argument;
	psci->is_on[vcpu] = false;
	return (struct reply){.kind = PV_REPLY_OFF, .value = 0};
}

/* Affinity level 0 is the vCPU's number, the others are 0: that is the vCPU's MPIDR. */
static struct reply cpu_on(struct psci *psci, uint32_t vcpu, const uint64_t argument[4])
{
	uint64_t target = argument[1];

	(void)vcpu;
	if (target >= psci->vcpu_count) {
		return resume(PSCI_INVALID_PARAMETERS);
	}
	switch (call_vcpu_start(psci->cap_vcpu_first + (uint32_t)target, argument[2],
	                        argument[3])) {
	case OK:
		psci->is_on[target] = true;
		return resume(PSCI_SUCCESS);
	case ERR_STATE:
		return resume(PSCI_ALREADY_ON);
	default:
		return resume(PSCI_INTERNAL_FAILURE);
	}
}

static struct reply affinity_info(struct psci *psci, uint32_t vcpu, const uint64_t argument[4])
{
	(void)vcpu;
	if (argument[1] >= psci->vcpu_count || argument[2] != 0) {
		return resume(PSCI_INVALID_PARAMETERS);
	}
	return resume(psci->is_on[argument[1]] ? AFFINITY_ON : AFFINITY_OFF);
}

static struct reply migrate_info_type(struct psci *psci, uint32_t vcpu, const uint64_t argument[4])
{
	(void)psci;
	(void)vcpu;
	(void)argument;
	return resume(MIGRATE_NO_TRUSTED_OS);
}

static struct reply system_off(struct psci *psci, uint32_t vcpu, const uint64_t argument[4])
{
	(void)psci;
	(void)vcpu;
	(void)argument;
	return (struct reply){.kind = PV_REPLY_STOP, .value = PV_STOP_POWEROFF};
}

static struct reply system_reset(struct psci *psci, uint32_t vcpu, const uint64_t argument[4])
{
	(void)psci;
	(void)vcpu;
	(void)argument;
	return (struct reply){.kind = PV_REPLY_STOP, .value = PV_STOP_RESET};
}

static struct reply smccc_version(struct psci *psci, uint32_t vcpu, const uint64_t argument[4])
{
	(void)psci;
	(void)vcpu;
	(void)argument;
	return resume(SMCCC_VERSION_1_1);
}

static struct reply psci_features(struct psci *psci, uint32_t vcpu, const uint64_t argument[4]);
static struct reply arch_features(struct psci *psci, uint32_t vcpu, const uint64_t argument[4]);

/*
 * DEN 0022D 5.1, DEN 0028 7. CPU_SUSPEND is not here: WFI suspends a vCPU as deeply as it can be.
 * `wide` functions exist in both calling conventions.
 */
static const struct function {
	uint32_t number;
	bool wide;
	struct reply (*call)(struct psci *psci, uint32_t vcpu, const uint64_t argument[4]);
} functions[] = {
	{SMCCC_VERSION, false, smccc_version},
	{SMCCC_ARCH_FEATURES, false, arch_features},
	{0x84000000U, false, version}, /* PSCI_VERSION */
	{0x84000002U, false, cpu_off}, /* CPU_OFF */
	{PSCI_CPU_ON, true, cpu_on},
	{PSCI_AFFINITY_INFO, true, affinity_info},
	{0x84000006U, false, migrate_info_type}, /* MIGRATE_INFO_TYPE */
	{0x84000008U, false, system_off},        /* SYSTEM_OFF */
	{0x84000009U, false, system_reset},      /* SYSTEM_RESET */
	{0x8400000aU, false, psci_features},     /* PSCI_FEATURES */
};

static const struct function *find(uint32_t number)
{
	for (size_t i = 0; i < ARRAY_COUNT(functions); i++) {
		const struct function *function = &functions[i];

		if (number == function->number ||
		    (function->wide && number == (function->number | CALL_64BIT))) {
			return function;
		}
	}
	return NULL;
}

/* Whether the function exists; none has optional features, so "yes" is 0. */
static struct reply psci_features(struct psci *psci, uint32_t vcpu, const uint64_t argument[4])
{
	(void)psci;
	(void)vcpu;
	return resume(find((uint32_t)argument[1]) != NULL ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED);
}

/* The architecture calls themselves, and workarounds. */
static struct reply arch_features(struct psci *psci, uint32_t vcpu, const uint64_t argument[4])
{
	uint32_t number = (uint32_t)argument[1];

	(void)vcpu;
	return resume(number == SMCCC_VERSION || number == SMCCC_ARCH_FEATURES
	                      ? PSCI_SUCCESS
	                      : workaround_feature(&psci->cpu, number));
}

void psci_init(struct psci *psci, uint32_t cap_vcpu_first, uint32_t vcpu_count)
{
	*psci = (struct psci){.cap_vcpu_first = cap_vcpu_first, .vcpu_count = vcpu_count};
	psci->is_on[0] = true;
}

struct reply psci_call(struct psci *psci, uint32_t vcpu, const uint64_t argument[4])
{
	uint32_t number = (uint32_t)argument[0]; /* SMCCC: the upper half of x0 is ignored */
	const struct function *function = find(number);
	uint64_t narrow[4];

	if (function == NULL) { /* a workaround that gets here has nothing to do */
		return resume(workaround_feature(&psci->cpu, number) == PSCI_NOT_SUPPORTED
		                      ? PSCI_NOT_SUPPORTED
		                      : PSCI_SUCCESS);
	}
	for (uint32_t i = 0; i < 4; i++) {
		narrow[i] = (number & CALL_64BIT) != 0 ? argument[i] : (uint32_t)argument[i];
	}
	return function->call(psci, vcpu, narrow);
}
