/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See topo/image/addresses.h.
 */
#include "topo/image/addresses.h"

#include "topo/image/image.h"

static void fill_vm(struct vm *vm, const struct layout_vm *laid)
{
	vm->kernel_entry = laid->kernel_ipa;
	vm->initrd_addr = laid->initrd_ipa;
	vm->dtb_addr = laid->dtb_ipa;
}

static void fill_connection(struct connection *connection, const struct layout_connection *laid)
{
	connection->device_ctrl_base = laid->device_iobuf_ipa;
	connection->device_data_base = laid->device_memory_ipa;
	/* Without a pool memdev is the driver VM's RAM. */
	if (connection->swiotlb) {
		connection->driver_data_base = laid->driver_memory_ipa;
	}
}

void addresses_fill(struct model *model, const char *share)
{
	struct diag *diag = diag_new();
	struct payloads *payloads = payloads_load(model, share, PAYLOADS_WHOLE, diag);
	struct image *image = payloads != NULL ? image_make(model, payloads, diag) : NULL;

	if (image != NULL) {
		for (size_t i = 0; i < model->vm_count; i++) {
			fill_vm(&model->vms[i], &image->layout->vms[i]);
		}
		for (size_t i = 0; i < model->connection_count; i++) {
			fill_connection(&model->connections[i], &image->layout->connections[i]);
		}
	}
	image_free(image);
	payloads_free(payloads);
	diag_free(diag);
}
