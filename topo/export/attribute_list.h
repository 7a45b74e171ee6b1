/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The attributes of a VM as a list: for people, and for programs that help to write topologies.
 */
#ifndef TOPO_EXPORT_ATTRIBUTE_LIST_H
#define TOPO_EXPORT_ATTRIBUTE_LIST_H

#include <stdbool.h>
#include <stdio.h>

/** Print the attributes of a VM: what may stand there, what it means, what holds without it. */
void attribute_list_print(FILE *out, bool json);

#endif
