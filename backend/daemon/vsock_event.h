/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event queue of a vsock device. Where a back end follows one that died with its streams, the
 * driver must be told that they are gone: nobody else can tell it.
 */
#ifndef BACKEND_DAEMON_VSOCK_EVENT_H
#define BACKEND_DAEMON_VSOCK_EVENT_H

#include "backend/daemon/backend.h"

/** Tell the driver of the device of @env, if the rings of @setup have been served before. */
void vsock_tell_reset(const struct backend_env *env, const struct control_setup *setup);

#endif
