/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A built system as the runner sees it: which file to boot, how large a machine it needs, and what
 * to expect on which console channel. system_build (topo/image/build.c) makes it from the model;
 * `topo build` and `topo run` call it. All strings are the system's own, so that it may outlive the
 * model.
 */
#ifndef TOPO_IMAGE_SYSTEM_H
#define TOPO_IMAGE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/err.h"
#include "abi/vmm.h"

struct diag;
struct model;

/* Devices of a VM that are told of. Its functions come first: the machine has 31 slots for them. */
#define SYSTEM_HARDWARE_MAX 32U

struct system_hardware {
	char *name;
	char *where;          /* "PCI 0:1.0, interrupt 36" */
	const char *dma;      /* hardware_dma_name(), a constant */
	const char *messages; /* hardware_messages_name(), a constant */
	bool has_stream;
	uint32_t stream; /* its number, that of a PCI function */
};

/* What is told of a VM besides. */
enum system_fact_kind {
	SYSTEM_FACT_ADDRESS, /* name: "net 0 of PEER", "net 0 to PEER", or "e1000e in slot 0:1.0"; text: "10.0.0.2/24" */
	SYSTEM_FACT_PORT, /* name: "e1000e in slot 0:1.0"; text: "127.0.0.1:2222 -> 10.0.2.15:22" */
	SYSTEM_FACT_DISK, /* name: "blk 0 of PEER"; text: its size, and what it is */
	SYSTEM_FACT_IMAGE /* name: "kernel", …; text: its path, or that it is the project's own */
};

struct system_fact {
	enum system_fact_kind kind;
	char *name;
	char *text;
	char *digest; /* of an image that a run boots: SHA-256 in hexadecimal; else NULL */
};

struct system_vm {
	char *name;             /* vm_name: what people and commands see */
	char *description;      /* NULL = none */
	uint32_t vcpu_count;    /* virtual CPUs */
	uint32_t channel_first; /* of the multiplexer; console n is channel_first + PV_CONSOLE_n */
	uint64_t ram_bytes;     /* its own; pools not counted */
	struct system_fact *facts;
	size_t fact_count;
	uint64_t overhead_bytes; /* memory that it takes beyond RAM and pools */
	bool starts_off;         /* until it is asked for */
	char *health;        /* what the agent runs to tell how well it is, words ended by a NUL */
	size_t health_bytes; /* 0 = nobody asks */
	char *result;        /* what the agent runs to tell how its command has ended, likewise */
	size_t result_bytes; /* 0 = it is always run again */
	char *pools;         /* what the agent runs to tell of its pools, likewise */
	size_t pools_bytes;  /* 0 = it has none */
	bool agent;          /* channel_first + PV_CONSOLE_AGENT has an agent behind it */
	bool has_window; /* so has the window of abi/agent.h, which lies in the machine's RAM at */
	uint64_t window_at; /* bytes from its start, on a multiple of 64 KiB */
	struct system_hardware *hardware;
	size_t hardware_count; /* <= SYSTEM_HARDWARE_MAX */
	size_t hardware_more;  /* devices besides, of which nothing is told */
};

struct system_connection {
	uint32_t device_vm; /* indices in vms */
	uint32_t driver_vm;
	uint32_t device_count;                        /* virtio devices on it */
	const char *device_types[PV_VMM_DEVICES_MAX]; /* of each: "net", …; constants */
	uint64_t pool_ipa;                            /* where the driver VM has its pool */
	uint64_t pool_bytes;                          /* 0 = it has none */
};

struct system {
	char *name;                          /* of the model: names the running system */
	char *image_path;                    /* what QEMU boots */
	uint64_t image_at;                   /* where QEMU puts that, bytes from the start of RAM */
	const char *qemu_machine, *qemu_cpu; /* for QEMU's -M and -cpu */
	uint64_t ram_bytes;                  /* for QEMU's -m, a multiple of 1 MiB */
	uint32_t cpu_count;                  /* for QEMU's -smp */
	char **slot_words; /* QEMU's arguments for what is in the machine's slots */
	size_t slot_word_count;
	struct system_vm *vms;
	size_t vm_count;
	struct system_connection *connections;
	size_t connection_count;
};

#define SYSTEM_REFUSED (-2)

/* Who boots the image: whoever gets the file, or this run alone. */
enum system_use { SYSTEM_FOR_ALL, SYSTEM_FOR_RUN };

/**
 * Lay out @model, serialise it and write the bootable image to @image_path (output_write: a failed
 * build leaves an older file alone).
 * @use: an image for a run has a seed for each VM.
 * @out: filled on success only; the caller ends it with system_free.
 * Returns 0; -1 when the topology cannot be built; SYSTEM_REFUSED when the machine refused to write
 * the file. Each reason was reported through @diag, with its place.
 * Deterministic but for the seeds: the same model and the same input files give the same bytes.
 */
MUST_USE int system_build(const struct model *model, const char *image_path, enum system_use use,
                          struct diag *diag, struct system *out);

/**
 * Whether system_build() would build @model, as far as that can be known before: what it would report is reported
 * through @diag. Contents that are only copied are not read, and nothing is written. A board on which nothing
 * runs is not judged, nor what is put into root file systems that are not made yet.
 */
bool system_fits(const struct model *model, struct diag *diag);

/** Give back what system_build put in @system; the struct itself is the caller's. */
void system_free(struct system *system);

#endif
