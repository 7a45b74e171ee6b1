/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules that are applied while the model is put together. Of the scopes BREAKS and ABSENT: what
 * is wrong leaves a hole in the model.
 */
#ifndef TOPO_RESOLVE_READ_RULES_H
#define TOPO_RESOLVE_READ_RULES_H

#include "topo/rules/rules.h"

/* clang-format off */
#define READ_RULES(X) \
	X(unknown_attribute) X(no_meaning) X(component_twice) X(component_unknown) \
	X(connector_unknown) X(instance_twice) X(instance_name) X(instance_unknown) \
	X(interface_missing) X(vm_name_form) X(vm_name_twice) X(text_form) X(setting_twice) \
	X(target_missing) X(target_unknown) X(target_unconnected) X(type_unknown) \
	X(device_id_twice) X(connection_twice) X(connection_self) X(connection_pieces) \
	X(device_unserved) X(device_unexpected) X(device_disagree) X(connection_empty) \
	X(file_missing) X(disk_foreign) X(initrd_unpacked) X(rootfs_unusable) \
	X(mmio_page_bits) X(size_bits) \
	X(hardware_left_out)
/* These look at the finished model too: topo/checks/table.h lists them. */
#define READ_RULES_SHARED(X) \
	X(limit_vcpus) X(limit_connections) X(limit_queues) X(qcow2_features)
/* clang-format on */

READ_RULES(RULE_DECLARE)
READ_RULES_SHARED(RULE_DECLARE)

#endif
