/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one vocabulary of errors, shared by the kernel, the VMM, topo and the backend.
 *
 * PV_ERRORS is the single source: the enum, the texts and the table in docs/kernel-abi.md follow
 * from it. A function that can fail returns err_t: 0 is success, errors are negative.
 */
#ifndef ABI_ERR_H
#define ABI_ERR_H

#include <stdint.h>

/* X(name, number, text) */
#define PV_ERRORS(X)                                                                               \
	X(OK, 0, "no error")                                                                       \
	X(ERR_ARG, -1, "an argument is malformed: unaligned, empty or with unknown bits")          \
	X(ERR_RANGE, -2, "a number or range lies outside of what it must lie in")                  \
	X(ERR_OVERLAP, -3, "two ranges that must be disjoint are not")                             \
	X(ERR_CAP, -4, "the capability does not exist or is of another type")                      \
	X(ERR_STATE, -5, "the object is not in the state that the operation needs")                \
	X(ERR_FULL, -6, "no room is left")                                                         \
	X(ERR_EMPTY, -7, "nothing is there")                                                       \
	X(ERR_VERSION, -8, "the format or protocol version is not ours")                           \
	X(ERR_PEER, -9, "the peer broke the protocol; its connection is dead")                     \
	X(ERR_GUEST, -10, "the guest broke the rules of its device")                               \
	X(ERR_CALL, -11, "no such system call")                                                    \
	X(ERR_AGAIN, -12, "another CPU has it and was asked for it: try again")                    \
	X(ERR_RIGHT, -13, "a right that may not be given here")

#define PV_ERROR_ENUM(name, number, text) name = (number),
enum pv_error { PV_ERRORS(PV_ERROR_ENUM) };
#undef PV_ERROR_ENUM

typedef int32_t err_t;

#define MUST_USE __attribute__((warn_unused_result))

#endif
