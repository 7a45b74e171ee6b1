/* SPDX-License-Identifier: BSD-2-Clause */
/* The agent's one command of its own: PV_AGENT_CONNECT of abi/agent.h. */
#ifndef IMAGES_AGENT_CONNECT_H
#define IMAGES_AGENT_CONNECT_H

/**
 * In the command's process: join its standard streams to @argv, of the name, an address and a port.
 * Why that does not go stands on standard error.
 */
_Noreturn void connect_and_exit(char *const argv[]);

#endif
