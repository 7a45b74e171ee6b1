/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PSCI and SMCCC for the guest (psci.h). One table names every function that exists: PSCI_FEATURES
 * and the dispatcher both read it, so that they cannot disagree. Functions of the 32-bit calling
 * convention see 32-bit arguments.
 */
#include "vmm/vm/psci.h"

#include <stddef.h>

#include "lib/bits.h"
#include "vmm/base/again.h"

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
#define PSCI_VERSION 0x84000000U
#define PSCI_CPU_OFF 0x84000002U
#define PSCI_CPU_ON 0x84000003U
#define PSCI_AFFINITY_INFO 0x84000004U
#define PSCI_MIGRATE_INFO_TYPE 0x84000006U
#define PSCI_SYSTEM_OFF 0x84000008U
#define PSCI_SYSTEM_RESET 0x84000009U
#define PSCI_FEATURES 0x8400000aU
#define PSCI_SYSTEM_RESET2 0x84000012U

#define RESET2_WARM 0 /* DEN 0022D, 5.1.13: the other architectural ones are reserved */

static struct reply resume(int64_t value)
{
	return (struct reply){.kind = PV_REPLY_RESUME, .value = (uint64_t)value};
}

/* A call of the guest: of the 32-bit convention its arguments have 32 bits. */
struct call {
	struct psci *psci;
	uint32_t vcpu;
	uint64_t argument[4];
};

static struct reply cpu_off(const struct call *call)
{
	call->psci->is_on[call->vcpu] = false;
	return (struct reply){.kind = PV_REPLY_OFF, .value = 0};
}

/* Affinity level 0 is the vCPU's number, the others are 0: that is the vCPU's MPIDR. */
static struct reply cpu_on(const struct call *call)
{
	struct psci *psci = call->psci;
	uint64_t target = call->argument[1];
	uint32_t tries = 0;
	err_t err;

	if (target >= psci->vcpu_count) {
		return resume(PSCI_INVALID_PARAMETERS);
	}
	do {
		err = call_vcpu_start(psci->cap_vcpu_first + (uint32_t)target, call->argument[2],
		                      call->argument[3]);
	} while (call_again(err, &tries));
	switch (err) {
	case OK:
		psci->is_on[target] = true;
		return resume(PSCI_SUCCESS);
	case ERR_STATE:
		return resume(PSCI_ALREADY_ON);
	default:
		return resume(PSCI_INTERNAL_FAILURE);
	}
}

static struct reply affinity_info(const struct call *call)
{
	uint64_t target = call->argument[1];

	if (target >= call->psci->vcpu_count || call->argument[2] != 0) {
		return resume(PSCI_INVALID_PARAMETERS);
	}
	return resume(call->psci->is_on[target] ? AFFINITY_ON : AFFINITY_OFF);
}

/* A VM has one kind of reset. */
static struct reply system_reset2(const struct call *call)
{
	if (call->argument[1] != RESET2_WARM) {
		return resume(PSCI_INVALID_PARAMETERS);
	}
	return (struct reply){.kind = PV_REPLY_STOP, .value = PV_STOP_RESET};
}

static struct reply psci_features(const struct call *call);

/* The architecture calls themselves, and workarounds. */
static struct reply arch_features(const struct call *call)
{
	uint32_t number = (uint32_t)call->argument[1];

	return resume(number == SMCCC_VERSION || number == SMCCC_ARCH_FEATURES
	                      ? PSCI_SUCCESS
	                      : workaround_feature(&call->psci->cpu, number));
}

/*
 * DEN 0022D 5.1, DEN 0028 7. CPU_SUSPEND is not here: WFI suspends a vCPU as deeply as it can be.
 * `wide` functions exist in both calling conventions. One without `call` has one answer.
 */
/* clang-format off */
#define CALLS(function) function, { .kind = PV_REPLY_NONE }
#define SAYS(what) NULL, { .kind = PV_REPLY_RESUME, .value = (what) }
#define STOPS(why) NULL, { .kind = PV_REPLY_STOP, .value = (why) }
static const struct function {
	uint32_t number;
	bool wide;
	struct reply (*call)(const struct call *call);
	struct reply answer;
} functions[] = {
	{ SMCCC_VERSION,          false, SAYS(SMCCC_VERSION_1_1) },
	{ SMCCC_ARCH_FEATURES,    false, CALLS(arch_features) },
	{ PSCI_VERSION,           false, SAYS(PSCI_VERSION_1_1) },
	{ PSCI_CPU_OFF,           false, CALLS(cpu_off) },
	{ PSCI_CPU_ON,            true,  CALLS(cpu_on) },
	{ PSCI_AFFINITY_INFO,     true,  CALLS(affinity_info) },
	{ PSCI_MIGRATE_INFO_TYPE, false, SAYS(MIGRATE_NO_TRUSTED_OS) },
	{ PSCI_SYSTEM_OFF,        false, STOPS(PV_STOP_POWEROFF) },
	{ PSCI_SYSTEM_RESET,      false, STOPS(PV_STOP_RESET) },
	{ PSCI_FEATURES,          false, CALLS(psci_features) },
	{ PSCI_SYSTEM_RESET2,     true,  CALLS(system_reset2) },
};
#undef STOPS
#undef SAYS
#undef CALLS
/* clang-format on */

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
static struct reply psci_features(const struct call *call)
{
	return resume(find((uint32_t)call->argument[1]) != NULL ? PSCI_SUCCESS
	                                                        : PSCI_NOT_SUPPORTED);
}

void psci_init(struct psci *psci, uint32_t cap_vcpu_first, uint32_t vcpu_count)
{
	*psci = (struct psci){.cap_vcpu_first = cap_vcpu_first, .vcpu_count = vcpu_count};
	psci_reset(psci);
}

void psci_reset(struct psci *psci)
{
	for (uint32_t i = 0; i < PV_DOMAIN_VCPUS_MAX; i++) {
		psci->is_on[i] = i == 0;
	}
}

struct reply psci_call(struct psci *psci, uint32_t vcpu, const uint64_t argument[4])
{
	uint32_t number = (uint32_t)argument[0]; /* SMCCC: the upper half of x0 is ignored */
	const struct function *function = find(number);
	struct call call = {.psci = psci, .vcpu = vcpu};

	if (function == NULL) { /* a workaround that gets here has nothing to do */
		return resume(workaround_feature(&psci->cpu, number) == PSCI_NOT_SUPPORTED
		                      ? PSCI_NOT_SUPPORTED
		                      : PSCI_SUCCESS);
	}
	if (function->call == NULL) {
		return function->answer;
	}
	for (uint32_t i = 0; i < 4; i++) {
		call.argument[i] = (number & CALL_64BIT) != 0 ? argument[i] : (uint32_t)argument[i];
	}
	/* cppcheck-suppress returnDanglingLifetime ; a reply holds no pointer to its call */
	return function->call(&call);
}
