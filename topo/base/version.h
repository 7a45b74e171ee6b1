/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOPO_BASE_VERSION_H
#define TOPO_BASE_VERSION_H

/* Of topo, and of all that is installed with it. */
#define TOPO_VERSION "0.1"

#endif
