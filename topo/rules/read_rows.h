/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows of the table of checks (topo/rules/rules.h) that are made by topo/resolve/resolve*.c while
 * the model is put together. BREAKS and ABSENT: what is wrong leaves a hole in the model.
 */
#ifndef TOPO_RULES_READ_ROWS_H
#define TOPO_RULES_READ_ROWS_H

#define CHECKS_READ(X)                                                                              \
	X(UNKNOWN_ATTRIBUTE, "unknown-attribute", ERROR, EACH, NULL,                                \
	  "A setting names an attribute that neither topo nor the component's declaration knows. "  \
	  "It would have no effect, and most likely it is misspelt.")                               \
	X(NO_MEANING, "no-meaning", WARNING, EACH, NULL,                                            \
	  "A construct of CAmkES that has no counterpart here is left out: nothing of the running " \
	  "system depends on it. What was meant by it may have to be said in another way.")         \
	X(COMPONENT_TWICE, "component-twice", ERROR, BREAKS, NULL,                                  \
	  "Two components have one name.")                                                          \
	X(COMPONENT_UNKNOWN, "component-unknown", ERROR, ABSENT, NULL,                              \
	  "An instance is of a component that nothing declares.")                                   \
	X(CONNECTOR_UNKNOWN, "connector-unknown", ERROR, ABSENT, NULL,                              \
	  "A connection is of a connector that nothing declares.")                                  \
	X(INSTANCE_TWICE, "instance-twice", ERROR, BREAKS, NULL,                                    \
	  "Two instances have one name, or one that macros cannot tell apart: vm_3 and vm3.")       \
	X(INSTANCE_NAME, "instance-name", ERROR, BREAKS, NULL,                                      \
	  "A VM is called vm_NAME, or vm and a number: macros make its name of that.")              \
	X(INSTANCE_UNKNOWN, "instance-unknown", ERROR, ABSENT, NULL,                                \
	  "A connection or a setting speaks of an instance that is not there, or is no VM.")        \
	X(INTERFACE_MISSING, "interface-missing", ERROR, ABSENT, NULL,                              \
	  "A VM's component declares its interfaces, and not those of a connection that it has.")   \
	X(VM_NAME_FORM, "vm-name", ERROR, BREAKS, NULL,                                             \
	  "The name of a VM goes into file names, command lines and the kernel's tables: it has 1 " \
	  "to 31 letters, digits and _ - . and does not begin with - or .")                         \
	X(VM_NAME_TWICE, "vm-name-twice", ERROR, BREAKS, NULL,                                      \
	  "Two VMs have one vm_name: commands could not tell them apart.")                          \
	X(SETTING_TWICE, "setting-twice", ERROR, EACH, NULL,                                        \
	  "One attribute is set twice. The first setting holds when this check is off.")            \
	X(TARGET_MISSING, "target-missing", ERROR, ABSENT, NULL,                                    \
	  "An entry of a list of devices does not say whose it is, and the VM has none or several " \
	  "connections on that side.")                                                              \
	X(TARGET_UNKNOWN, "target-unknown", ERROR, ABSENT, NULL,                                    \
	  "An entry of a list of devices names a VM that is not there.")                            \
	X(TARGET_UNCONNECTED, "target-unconnected", ERROR, ABSENT, NULL,                            \
	  "An entry of a list of devices names a VM with which no connection joins this one, in "   \
	  "that direction.")                                                                        \
	X(TYPE_UNKNOWN, "type-unknown", ERROR, BREAKS, NULL,                                        \
	  "A device has no type, or one that is not known.")                                        \
	X(DEVICE_ID_TWICE, "device-id-twice", ERROR, BREAKS, NULL,                                  \
	  "Two devices of one type on one connection have the same id.")                            \
	X(CONNECTION_TWICE, "connection-twice", ERROR, EACH, NULL,                                  \
	  "Two connections join the same two VMs in the same direction. Their parts have the same " \
	  "names, so one of them would be lost; one connection serves any number of devices.")      \
	X(CONNECTION_SELF, "connection-self", ERROR, BREAKS, NULL,                                  \
	  "A connection joins a VM with itself. A VM cannot serve itself a device.")                \
	X(CONNECTION_PIECES, "connection-pieces", ERROR, ABSENT, NULL,                              \
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
	X(FILE_MISSING, "file-missing", TO_RUN, EACH, NULL,                                         \
	  "A kernel, root file system, device tree or disk image that the topology names cannot "   \
	  "be read.")                                                                               \
	X(DISK_FOREIGN, "disk-foreign", TO_RUN, EACH, NULL,                                         \
	  "A disk image is of a format that nobody opens in the device VM: a disk is raw or "       \
	  "qcow2.")                                                                                 \
	X(INITRD_UNPACKED, "initrd-unpacked", TO_RUN, EACH, NULL,                                   \
	  "An initial root file system is truncated, is no newc archive, or is packed in a way "    \
	  "that the VM's kernel does not know: the VM would come up with a part of it, or not.")    \
	X(MMIO_PAGE_BITS, "mmio-page-bits", ERROR, EACH, NULL,                                      \
	  "The third field of an entry of mmios is the size of its pages in bits: 12, 21 or "       \
	  "30, and the range is made of such pages.")                                               \
	X(SIZE_BITS, "size-bits", WARNING, EACH, NULL,                                              \
	  "The size of an entry of untyped_mmios is under 64, so it is a number of bits, as "       \
	  "seL4 counts untyped memory. One that is written in hex, or that is less than a "         \
	  "page, was meant as bytes more likely.")

#endif
