/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the functions answer in QEMU 10 when their registers are sized. No boot ROM is loaded: its
 * register would be one more range to place, for code that no guest runs.
 */
#include "topo/model/pci_models.h"

#include <string.h>
#include <strings.h>

#include "lib/bits.h"

#define IO(size)                                                                                   \
	{                                                                                          \
		PCI_BAR_IO, (size)                                                                 \
	}
#define MEM32(size)                                                                                \
	{                                                                                          \
		PCI_BAR_MEM32, (size)                                                              \
	}
#define MEM64(size)                                                                                \
	{                                                                                          \
		PCI_BAR_MEM64, (size)                                                              \
	}

static const struct pci_model models[] = {
	{.name = "e1000e",
         .options = ",romfile=",
         .word = "nic",
         .back = PCI_BACK_NET,
         .vendor = 0x8086,
         .device = 0x10d3,
         .class_code = 0x020000,
         .pin = 1,
         .vectors = 5,
         .bars = {MEM32(0x20000), MEM32(0x20000), IO(0x20), MEM32(0x4000)}},
	{.name = "igb",
         .options = ",romfile=",
         .back = PCI_BACK_NET,
         .vendor = 0x8086,
         .device = 0x10c9,
         .class_code = 0x020000,
         .pin = 1,
         .vectors = 10,
         .bars = {MEM32(0x20000), MEM32(0x20000), IO(0x20), MEM64(0x4000)}},
	{.name = "nvme",
         .options = ",serial=peervisor",
         .word = "nvme",
         .back = PCI_BACK_DISK,
         .vendor = 0x1b36,
         .device = 0x0010,
         .class_code = 0x010802,
         .pin = 1,
         .vectors = 65,
         .bars = {MEM64(0x4000)}},
	{.name = "sdhci-pci",
         .options = "",
         .word = "emmc",
         .back = PCI_BACK_CARD,
         .vendor = 0x1b36,
         .device = 0x0007,
         .class_code = 0x080501,
         .pin = 1,
         .bars = {MEM32(0x100)}},
	/* Without iommu_platform its DMA would go past the SMMU. */
	{.name = "virtio-gpu-pci",
         .options = ",romfile=,iommu_platform=on",
         .word = "gpu",
         .vendor = 0x1af4,
         .device = 0x1050,
         .class_code = 0x038000,
         .pin = 1,
         .vectors = 3,
         .bars = {[1] = MEM32(0x1000), [4] = MEM64(0x4000)}},
	{.name = "bochs-display",
         .options = ",romfile=",
         .word = "display",
         .quiet = true,
         .vendor = 0x1234,
         .device = 0x1111,
         .class_code = 0x038000,
         .bars = {[0] = MEM32(0x1000000), [2] = MEM32(0x1000)}},
	{.name = "qemu-xhci",
         .options = "",
         .word = "usb",
         .back = PCI_BACK_USB,
         .vendor = 0x1b36,
         .device = 0x000d,
         .class_code = 0x0c0330,
         .pin = 1,
         .vectors = 16,
         .bars = {MEM64(0x4000)}},
	{.name = "edu",
         .options = "",
         .vendor = 0x1234,
         .device = 0x11e8,
         .class_code = 0x00ff00,
         .pin = 1,
         .vectors = 1,
         .bars = {MEM32(0x100000)}},
};

const struct pci_model *pci_model_at(size_t index)
{
	return index < ARRAY_COUNT(models) ? &models[index] : NULL;
}

const struct pci_model *pci_model_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(models); i++) {
		if (strcmp(models[i].name, name) == 0) {
			return &models[i];
		}
	}
	return NULL;
}

bool pci_model_has_disk(const struct pci_model *model)
{
	return model->back == PCI_BACK_DISK || model->back == PCI_BACK_CARD ||
	       model->back == PCI_BACK_USB;
}

static bool has_word(const char *name, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (strcasestr(name, *words) != NULL) {
			return true;
		}
	}
	return false;
}

bool pci_model_is_bridge(const char *name)
{
	static const char *const words[] = {"bridge", "root", "upstream",  "downstream", "ioh3420",
	                                    "pxb",    "cxl",  "dec-21154", NULL};

	return has_word(name, words);
}

bool pci_name_is_bridge(const char *name)
{
	/* The ports of a switch are called up- and downstream. */
	static const char *const words[] = {"bridge", "root", "stream-port", NULL};

	return has_word(name, words);
}

/* Whether @name is @word, alone or with a number. */
static bool is_numbered(const char *name, const char *word)
{
	size_t bytes = strlen(word);

	return strncmp(name, word, bytes) == 0 &&
	       name[bytes + strspn(name + bytes, "0123456789")] == '\0';
}

const struct pci_model *pci_model_of_name(const char *name)
{
	const struct pci_model *named = pci_model_find(name);

	if (named != NULL) {
		return named;
	}
	for (size_t i = 0; i < ARRAY_COUNT(models); i++) {
		if (models[i].word != NULL && is_numbered(name, models[i].word)) {
			return &models[i];
		}
	}
	return NULL;
}
