/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network interfaces of the device VM: taps, bridges, addresses, forwarding. Each function brings
 * about a state and may be called again, since a daemon that starts anew finds what its
 * predecessor left. Errors are logged; ERR_STATE the kernel refuses.
 */
#ifndef BACKEND_DAEMON_INTERFACE_H
#define BACKEND_DAEMON_INTERFACE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/err.h"
#include "backend/daemon/dt.h"

/** Make or take up the tap @name, whose frames carry a virtio-net header of 12 bytes. It stays when
 * the file, which is returned in @fd, is closed: with its address, in its bridge. With @several
 * each call opens another queue of it, attached. */
MUST_USE err_t interface_open_tap(const char *name, bool several, int *fd);

/** Attach the queue @fd of the tap @name, one of several, or detach it: then no frame passes it. */
MUST_USE err_t interface_attach_queue(const char *name, int fd, bool attach);

/** Give @name a hardware address. */
MUST_USE err_t interface_set_hardware(const char *name, const uint8_t mac[6]);

/** Make the bridge @name with the hardware address @mac, if it is not there. */
MUST_USE err_t interface_make_bridge(const char *name, const uint8_t mac[6]);

/** Put @name under @bridge, if it is not there: @mac is behind it and nothing else. */
MUST_USE err_t interface_join_bridge(const char *name, const char *bridge, const uint8_t mac[6]);

/** Give @name an address. */
MUST_USE err_t interface_set_address(const char *name, const struct dt_subnet *own);

/** Let packets for @to go through the neighbour @through. */
MUST_USE err_t interface_add_route(const struct dt_subnet *to, struct in_addr through);

/** Switch @name on. */
MUST_USE err_t interface_set_up(const char *name);

/** Let this VM forward, as far as the rules allow (filter.h). */
MUST_USE err_t interface_forward(void);

#endif
