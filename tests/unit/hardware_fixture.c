/* SPDX-License-Identifier: BSD-2-Clause */
#include "hardware_fixture.h"

#include "lib/bits.h"
#include "topo/model/pci_models.h"

void fixture_hardware(struct fixture *f)
{
	static struct machine_slot slots[] = {{.device = 3}, {.device = 1}, {.device = 2}};
	static struct pci_function device[] = {{.name = "nic", .device = 1},
	                                       {.name = "emmc", .device = 3, .irq = 38}};

	fixture_pair(f);
	slots[0].model = pci_model_find("sdhci-pci");
	slots[1].model = pci_model_find("e1000e");
	slots[2].model = pci_model_find("edu");
	f->model.board = board_find("qemu-virt");
	f->model.slots = slots;
	f->model.slot_count = ARRAY_COUNT(slots);
	f->vms[0].pci = device;
	f->vms[0].pci_count = ARRAY_COUNT(device);
}
