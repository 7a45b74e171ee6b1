/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program keeps that reads what a driver VM wrote: the files that it has open and a dozen
 * calls on them. Whoever takes it over has its disk and its driver VM's memory, which are that
 * VM's already, and neither root's files nor another program.
 */
#ifndef BACKEND_DISK_CONFINE_H
#define BACKEND_DISK_CONFINE_H

#include <stdbool.h>

/** Become a user that owns no file, for good. Needs root. False: errno says why. */
bool confine_user(void);

/** From now on another call than serving takes ends the program. False: errno says why. */
bool confine_calls(void);

#endif
