/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A topology as it was read: the model, and beside it where each thing was given, which only
 * defaults, checks and what prints topologies need to know. topo/resolve/resolve.h makes it.
 */
#ifndef TOPO_MODEL_TOPOLOGY_H
#define TOPO_MODEL_TOPOLOGY_H

#include "topo/base/arena.h"
#include "topo/base/strmap.h"
#include "topo/model/board.h"
#include "topo/model/model.h"
#include "topo/model/vm_attributes.h"
#include "topo/rules/rules.h"

/* Where the numbers of a PCI function were given; that of the function where they were not. */
struct pci_places {
	struct place bus, device, function, irq;
};

/* Where the attributes of a VM were given; file NULL = not given. */
struct vm_origin {
	struct place affinity_places[PV_DOMAIN_VCPUS_MAX]; /* of the entries of a list */
	size_t affinity_count;
	struct place given[VM_ATTRIBUTE_COUNT];
	bool failed[VM_ATTRIBUTE_COUNT]; /* given, and could not be read */
	struct place kernel_place;       /* of kernel_name; file NULL = not given */
	bool kernel_moved;               /* to where the project's kernel begins */
	struct place *irq_places;        /* of vm.irqs */
	struct pci_places *pci_places;   /* of vm.pci */
	struct range *ram_ranges;        /* its own RAM, where it is named among the registers */
	size_t ram_range_count;
	uint64_t ram_paddr_base;   /* if given: checked, and otherwise without a meaning */
	struct place *node_places; /* of vm.dtb_nodes */
	size_t *served;            /* connections in which the VM is the device VM */
	size_t served_count;
	size_t *used; /* connections in which it is the driver VM */
	size_t used_count;
};

struct connection_origin {
	struct place driver; /* of the driver VM's name in the composition */
	/* Where its size and addresses were given; that of the composition where they were not. */
	struct place pool_bytes;
	struct place device_data_base, driver_data_base, device_ctrl_base;
	bool devices_given; /* by either side */
	bool swiotlb_given;
	bool pool_given;
};

struct topology {
	struct model model; /* first: a struct model * of ours is a struct topology * */
	struct arena *arena;
	struct vm_origin *vm_origins;                 /* of model.vms */
	struct connection_origin *connection_origins; /* of model.connections */
	struct place cpus_given;                      /* file NULL = not given */
	struct strmap *kernel_configs;                /* see topo/resolve/kernel_config.h */
	const struct rules *rules;                    /* which of them were switched off by name */
	int64_t swiotlb_default;                      /* VMSWIOTLB at the end of the user's file */
};

/** The topology that @model is a part of. */
static inline const struct topology *topology_of(const struct model *model)
{
	return (const struct topology *)model;
}

/** Whether the attribute was given in the text. */
static inline bool vm_given(const struct vm_origin *origin, enum vm_attribute attribute)
{
	return origin->given[attribute].file != NULL;
}

/** Whether the attribute was given and could be read. */
static inline bool vm_read(const struct vm_origin *origin, enum vm_attribute attribute)
{
	return vm_given(origin, attribute) && !origin->failed[attribute];
}

/** The place of the attribute, or of the VM when it was not given. */
static inline struct place vm_place(const struct topology *topology, size_t vm,
                                    enum vm_attribute attribute)
{
	const struct vm_origin *origin = &topology->vm_origins[vm];

	return vm_given(origin, attribute) ? origin->given[attribute]
	                                   : topology->model.vms[vm].place;
}

#endif
