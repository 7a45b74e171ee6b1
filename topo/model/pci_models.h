/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PCI functions that QEMU can put into a machine's slots and topo knows: what their base
 * address registers (BARs) decode and how they interrupt. A test compares each with QEMU.
 */
#ifndef TOPO_MODEL_PCI_MODELS_H
#define TOPO_MODEL_PCI_MODELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCI_BARS_MAX 6

/* QEMU's network of its user: what a function on it is called there, and what leads out of it. */
#define PCI_NET_ADDRESS "10.0.2.15/24"
#define PCI_NET_GATEWAY "10.0.2.2"

enum pci_bar_kind { PCI_BAR_NONE, PCI_BAR_IO, PCI_BAR_MEM32, PCI_BAR_MEM64 };

/* A base address register. One of 64 bits takes the next one too, which then is PCI_BAR_NONE. */
struct pci_bar {
	enum pci_bar_kind kind;
	uint32_t bytes;
};

/* What QEMU wants beside the function itself. */
enum pci_back { PCI_BACK_NONE, PCI_BACK_NET, PCI_BACK_DISK, PCI_BACK_CARD, PCI_BACK_USB };

struct pci_model {
	const char *name;    /* as QEMU's -device has it */
	const char *options; /* of -device, behind the name: "" or ",option=value…" */
	const char *word;    /* functions named so are of this model by default; NULL = none are */
	enum pci_back back;
	bool quiet;   /* it does no DMA */
	bool unknown; /* its DMA may go past the SMMU */
	uint16_t vendor;
	uint16_t device;
	uint32_t class_code; /* class, subclass, interface */
	uint32_t pin;        /* INTx: 1 is A; 0 = it has none */
	uint32_t vectors;    /* MSI-X, or MSI where that is all it has; 0 = neither */
	struct pci_bar bars[PCI_BARS_MAX];
};

/** Whether a device of QEMU of that name is a bridge, or the end of a bus by another word. */
bool pci_model_is_bridge(const char *name);

/** The model at @index; NULL behind the last one. */
const struct pci_model *pci_model_at(size_t index);

/** The model with that name; NULL if topo knows none. */
const struct pci_model *pci_model_find(const char *name);

/** Whether a function that somebody calls @name is one. */
bool pci_name_is_bridge(const char *name);

/** Whether a disk, a card or a stick belongs to it. */
bool pci_model_has_disk(const struct pci_model *model);

/**
 * The model that a function named @name has if nothing else is said: the name is a model's, or a
 * word that speaks for itself, with or without a number ("nic", "nvme0"). NULL: the name says none.
 */
const struct pci_model *pci_model_of_name(const char *name);

#endif
