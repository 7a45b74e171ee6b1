/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows of the table of checks (topo/checks/checks.h) that are made by topo/model/resolve*.c while
 * the model is put together. BREAKS: what is wrong leaves a hole in the model.
 */
#ifndef TOPO_CHECKS_READ_ROWS_H
#define TOPO_CHECKS_READ_ROWS_H

#define CHECKS_READ(X)                                                                              \
	X(UNKNOWN_ATTRIBUTE, "unknown-attribute", ERROR, EACH, NULL,                                \
	  "A setting names an attribute that neither topo nor the component's declaration knows. "  \
	  "It would have no effect, and most likely it is misspelt.")                               \
	X(NO_MEANING, "no-meaning", WARNING, EACH, NULL,                                            \
	  "A construct of CAmkES that has no counterpart here is left out: nothing of the running " \
	  "system depends on it. What was meant by it may have to be said in another way.")         \
	X(CONNECTION_TWICE, "connection-twice", ERROR, EACH, NULL,                                  \
	  "Two connections join the same two VMs in the same direction. Their parts have the same " \
	  "names, so one of them would be lost; one connection serves any number of devices.")      \
	X(CONNECTION_SELF, "connection-self", ERROR, BREAKS, NULL,                                  \
	  "A connection joins a VM with itself. A VM cannot serve itself a device.")                \
	X(CONNECTION_PIECES, "connection-pieces", ERROR, BREAKS, NULL,                              \
	  "A connection is made of four parts: iobuf, memdev, upcall and downcall. One that lacks " \
	  "a part cannot work.")                                                                    \
	X(DEVICE_UNSERVED, "device-unserved", ERROR, EACH, NULL,                                    \
	  "A driver VM expects a device that the device VM's own list does not hold.")              \
	X(DEVICE_UNEXPECTED, "device-unexpected", ERROR, EACH, NULL,                                \
	  "A device VM serves a device that the driver VM's own list does not hold.")               \
	X(DEVICE_DISAGREE, "device-disagree", ERROR, EACH, NULL,                                    \
	  "Device VM and driver VM say different things of the same option of a device.")           \
	X(CONNECTION_EMPTY, "connection-empty", ERROR, WHOLE, NULL,                                 \
	  "The device VM lists what it serves, and nothing of it goes to this driver VM. Without "  \
	  "a list a connection serves one network interface and one disk.")                         \
	X(FILE_MISSING, "file-missing", ERROR, EACH, NULL,                                          \
	  "A kernel, root file system, device tree or disk image that the topology names cannot "   \
	  "be read.")                                                                               \
	X(MMIO_PAGE_BITS, "mmio-page-bits", ERROR, EACH, NULL,                                     \
	  "The third field of an entry of mmios is the size of its pages in bits: 12, 21 or "      \
	  "30, and the range is made of such pages.")                                              \
	X(SIZE_BITS, "size-bits", WARNING, EACH, NULL,                                             \
	  "The size of an entry of untyped_mmios is under 64, so it is a number of bits, as "      \
	  "seL4 counts untyped memory. One that is written in hex, or that is less than a "        \
	  "page, was meant as bytes more likely.")

#endif
