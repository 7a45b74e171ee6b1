/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations of a served device (served.h). BAR0 holds its registers; BAR2 is the notify page,
 * where the kernel turns each store into a doorbell.
 */
#include "vmm/session/served.h"

#include "abi/limits.h"
#include "vmm/virtio/virtio_pci_config.h"

static void update(struct served *device)
{
	connection_update(device->connection, device->function.virtio.config->index);
}

static uint32_t read_config(void *device, uint32_t offset)
{
	return virtio_pci_config_read(&((struct served *)device)->function, offset);
}

/* The access window of virtio reaches BAR0, so this may have changed anything, too. */
static void write_config(void *device, uint32_t offset, uint32_t value, uint32_t lanes)
{
	struct served *served = device;

	virtio_pci_config_write(&served->function, offset, value, lanes);
	update(served);
}

static uint64_t read_bar(void *device, uint32_t bar, const struct access *access)
{
	struct served *served = device;

	return bar == VIRTIO_PCI_BAR_REGISTERS ? virtio_pci_read(&served->function, access) : 0;
}

static void write_bar(void *device, uint32_t bar, const struct access *access)
{
	struct served *served = device;

	if (bar == VIRTIO_PCI_BAR_REGISTERS) {
		virtio_pci_write(&served->function, access);
		update(served);
	}
}

static void reset(void *device)
{
	struct served *served = device;

	virtio_pci_reset(&served->function);
}

static const struct pci_operations operations = {
	.read_config = read_config,
	.write_config = write_config,
	.read_bar = read_bar,
	.write_bar = write_bar,
	.reset = reset,
};

void served_init(struct served *device, struct pci_function *function,
                 struct connection *connection, const struct pv_vmm_device *config,
                 const struct msi_target *msi)
{
	device->connection = connection;
	virtio_pci_init(&device->function, msi, config);
	*function = (struct pci_function){
		.operations = &operations,
		.device = device,
		.bars = {[VIRTIO_PCI_BAR_REGISTERS] = {.base = config->bar_ipa,
	                                               .bytes = PV_VMM_BAR_BYTES,
	                                               .is_emulated = true},
	                 [VIRTIO_PCI_BAR_NOTIFY] = {.base = config->notify_ipa,
	                                            .bytes = PV_PAGE_BYTES}},
	};
}
