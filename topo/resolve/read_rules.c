/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules that are applied while the model is put together, by whoever reads what they speak of.
 */
#include "topo/resolve/read_rules.h"

RULE(unknown_attribute, "unknown-attribute", ERROR, LACKS,
     "A setting names an attribute that neither topo nor the component's declaration knows. It "
     "would have no effect, and most likely it is misspelt.");

RULE(no_meaning, "no-meaning", WARNING, EACH,
     "A construct of CAmkES that has no counterpart here is left out: nothing of the running "
     "system depends on it. What was meant by it may have to be said in another way.");

RULE(component_twice, "component-twice", ERROR, BREAKS, "Two components have one name.");

RULE(component_unknown, "component-unknown", ERROR, ABSENT,
     "An instance is of a component that nothing declares.");

RULE(connector_unknown, "connector-unknown", ERROR, ABSENT,
     "A connection is of a connector that nothing declares.");

RULE(instance_twice, "instance-twice", ERROR, BREAKS,
     "Two instances have one name, or one that macros cannot tell apart: vm_3 and vm3.");

RULE(instance_name, "instance-name", ERROR, BREAKS,
     "A VM is called vm_NAME, or vm and a number: macros make its name of that.");

RULE(instance_unknown, "instance-unknown", ERROR, ABSENT,
     "A connection or a setting speaks of an instance that is not there, or is no VM.");

RULE(interface_missing, "interface-missing", ERROR, ABSENT,
     "A VM's component declares its interfaces, and not those of a connection that it has.");

RULE(vm_name_form, "vm-name", ERROR, BREAKS,
     "The name of a VM goes into file names, command lines and the kernel's tables: it has 1 to "
     "31 letters, digits and _ - . and does not begin with - or . Nor is it kernel, topo, qemu or "
     "ends in .vmm: so the lines of others begin in the system's log.");

RULE(vm_name_twice, "vm-name-twice", ERROR, BREAKS,
     "Two VMs have one vm_name: commands could not tell them apart.");

RULE(text_form, "text-form", ERROR, EACH,
     "A text that is shown on terminals, in reports and drawings is short, and each of its "
     "characters shows: no new line, none that a terminal obeys or that turns text round.");

RULE(setting_twice, "setting-twice", ERROR, EACH,
     "One attribute is set twice. The first setting holds when this check is off.");

RULE(target_missing, "target-missing", ERROR, ABSENT,
     "An entry of a list of devices does not say whose it is, and the VM has none or several "
     "connections on that side.");

RULE(target_unknown, "target-unknown", ERROR, ABSENT,
     "An entry of a list of devices, or of may_restart, names a VM that is not there.");

RULE(target_unconnected, "target-unconnected", ERROR, ABSENT,
     "An entry of a list of devices names a VM with which no connection joins this one, in that "
     "direction.");

RULE(type_unknown, "type-unknown", ERROR, BREAKS,
     "A device has no type, or one that is not known.");

RULE(device_id_twice, "device-id-twice", ERROR, BREAKS,
     "Two devices of one type on one connection have the same id.");

RULE(connection_twice, "connection-twice", ERROR, EACH,
     "Two connections join the same two VMs in the same direction. Their parts have the same "
     "names, so one of them would be lost; one connection serves any number of devices.");

RULE(connection_self, "connection-self", ERROR, BREAKS,
     "A connection joins a VM with itself. A VM cannot serve itself a device.");

RULE(connection_pieces, "connection-pieces", ERROR, ABSENT,
     "A connection is made of four parts: iobuf, memdev, upcall and downcall. One that lacks a "
     "part cannot work.");

RULE(device_unserved, "device-unserved", ERROR, EACH,
     "A driver VM expects a device that the device VM's own list does not hold.");

RULE(device_unexpected, "device-unexpected", ERROR, EACH,
     "A device VM serves a device that the driver VM's own list does not hold.");

RULE(device_disagree, "device-disagree", ERROR, EACH,
     "Device VM and driver VM say different things of the same option of a device.");

RULE(connection_empty, "connection-empty", ERROR, WHOLE,
     "The device VM lists what it serves, and nothing of it goes to this driver VM. Without a "
     "list a connection serves one network interface and one disk.");

RULE_TO_RUN(file_missing, "file-missing", EACH,
            "A kernel, root file system, device tree or disk image that the topology names "
            "cannot be read.",
            "that the file is there when the system is built, and what it should be");

RULE_TO_RUN(disk_foreign, "disk-foreign", EACH,
            "A disk image is of a format that nobody opens in the device VM: a disk is raw or "
            "qcow2.",
            "that the image can be opened when the system is built");

RULE_TO_RUN(initrd_unpacked, "initrd-unpacked", EACH,
            "An initial root file system is truncated, is no newc archive, or is packed in a way "
            "that the VM's kernel does not know: the VM would come up with a part of it, or not.",
            "that the initrd can be unpacked when the system is built");

RULE_TO_RUN(
	rootfs_unusable, "rootfs-unusable", EACH,
	"What `rootfs` names is no directory and no archive of tar that can be read to its "
	"end, or holds what no root file system of a VM can have: a name with '..', a device outside of "
	"/dev, a file that is too large; or it is a container image that has none for linux/arm64, lacks "
	"a part, or has one whose SHA-256 is another.",
	"that the root file system can be read when the system is built");

RULE(mmio_page_bits, "mmio-page-bits", ERROR, EACH,
     "The third field of an entry of mmios is the size of its pages in bits: 12, 21 or 30, and "
     "the range is made of such pages.");

RULE(size_bits, "size-bits", WARNING, EACH,
     "The size of an entry of untyped_mmios is under 64, so it is a number of bits, as seL4 "
     "counts untyped memory. One that is written in hex, or that is less than a page, was meant "
     "as bytes more likely.");

RULE(hardware_left_out, "hardware-left-out", WARNING, EACH,
     "By `--without-hardware` a VM goes without a physical device that the topology gives it. Its "
     "connections work; what it was to reach by the device it does not reach.");

RULE_TO_RUN(limit_vcpus, "limit-vcpus", WHOLE,
            "The kernel's tables hold a fixed number of vCPUs: of one VM, of all VMs, and of "
            "those that are pinned to one physical CPU.",
            "a kernel with tables that are large enough");

RULE_TO_RUN(limit_connections, "limit-connections", WHOLE,
            "A VM's VMM serves a fixed number of connections in which its VM is the driver, and "
            "of devices on them; each connection is a PCIe host bridge with 32 devices.",
            "a VMM with tables that are large enough");

RULE(limit_queues, "limit-queues", ERROR, EACH,
     "A device has a fixed number of queues at most, and the size of a queue is a power of two "
     "up to 1024.");

RULE_TO_RUN(qcow2_features, "qcow2-features", EACH,
            "A qcow2 image keeps its data in another file, which is not put into the device VM, "
            "is marked as corrupt or of a kind that nobody knows: it cannot be opened.",
            "that the image can be opened when the system is built");
