/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network interfaces of the device VM: taps, bridges, addresses, forwarding. Each function brings
 * about a state and may be called again, since a daemon that starts anew finds what its
 * predecessor left. Errors are logged; ERR_STATE the kernel refuses.
 */
#ifndef BACKEND_DAEMON_INTERFACE_H
#define BACKEND_DAEMON_INTERFACE_H

#include <netinet/in.h>
#include <stdint.h>

#include "abi/err.h"

/** Make or take up the tap @name, whose frames carry a virtio-net header of 12 bytes. It stays when
 * the file, which is returned in @fd, is closed: with its address, in its bridge. */
MUST_USE err_t interface_open_tap(const char *name, int *fd);

/** Make the bridge @name, if it is not there. Its hardware address does not change any more. */
MUST_USE err_t interface_make_bridge(const char *name);

/** Put @name under @bridge, if it is not there. */
MUST_USE err_t interface_join_bridge(const char *name, const char *bridge);

/** Give @name an address. */
MUST_USE err_t interface_set_address(const char *name, struct in_addr address, uint32_t prefix);

/** Switch @name on. */
MUST_USE err_t interface_set_up(const char *name);

/** Let this VM forward between its interfaces. */
MUST_USE err_t interface_forward(void);

/** Let what comes from @address/@prefix and leaves by another interface than @name carry the
 * address of that interface. */
MUST_USE err_t interface_masquerade(const char *name, struct in_addr address, uint32_t prefix);

#endif
