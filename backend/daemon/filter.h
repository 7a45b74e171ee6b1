/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of the network this VM lets pass and answers: rules of nftables and settings of Linux, drawn
 * from the topology. docs/device-vm.md says what they come to. Nothing is forwarded or taken from a
 * tap before its rules are in force.
 */
#ifndef BACKEND_DAEMON_FILTER_H
#define BACKEND_DAEMON_FILTER_H

#include "abi/err.h"
#include "backend/daemon/dt.h"

/** Where the network of a tap begins: the bridge that it joins, else the tap itself. */
const char *filter_place(const struct dt_device *config);

/**
 * Put the rules of one net device into force, those of the whole VM with them, in one step; again
 * changes nothing. The tap is there, and need not be up. Errors: ERR_STATE, logged.
 */
MUST_USE err_t filter_guard(const struct dt_device *config);

/**
 * Make every interface that there is or will be answer for its own addresses alone, and take and
 * give no advice on routes. After interface_forward(), which sets some of it back. Errors:
 * ERR_STATE, logged.
 */
MUST_USE err_t filter_harden(void);

#endif
