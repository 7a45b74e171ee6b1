/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one door through which the personality of a VM (abi/vmm.h) comes in. Behind it every count,
 * index and address of the configuration is known to be in bounds, so that no other file checks.
 */
#ifndef VMM_VM_CONFIG_H
#define VMM_VM_CONFIG_H

#include "abi/err.h"
#include "abi/vmm.h"

/* The tables of a configuration, in place. */
struct config {
	const struct pv_vmm_config *vm;
	const struct pv_vmm_connection *connections;
	const struct pv_vmm_device *devices;
	const struct pv_vmm_function *functions;
};

/**
 * Check the configuration at @vm and find its tables. @fault: what is wrong with it, for a report.
 * Errors: ERR_VERSION not ours; ERR_RANGE a field that makes no sense.
 */
MUST_USE err_t config_open(const struct pv_vmm_config *vm, struct config *config,
                           const char **fault);

#endif
