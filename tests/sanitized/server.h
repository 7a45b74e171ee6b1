/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the linker's --wrap=main calls the two main functions of topo-server.
 */
#ifndef TESTS_SANITIZED_SERVER_H
#define TESTS_SANITIZED_SERVER_H

/* topo's. NOLINTNEXTLINE(readability-identifier-naming): the linker names it */
int __real_main(int argc, char **argv);
/* The server's. NOLINTNEXTLINE(readability-identifier-naming): the linker names it */
int __wrap_main(int argc, char **argv);

#endif
