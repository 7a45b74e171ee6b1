/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What topo verify finds: differences between an image and its topology, and the rights that were
 * read out of the image. The other files of topo/verify add, topo/commands/verify.c prints.
 */
#ifndef TOPO_VERIFY_FINDINGS_H
#define TOPO_VERIFY_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/base/arena.h"

enum finding_kind {
	FINDING_EXTRA,     /* a right that the topology does not give */
	FINDING_MISSING,   /* a right that it gives is not there */
	FINDING_DIFFERENT, /* another value than that of the topology, or of the file it names */
	FINDING_BROKEN,    /* the image contradicts itself: the kernel would refuse it */
	FINDING_KIND_COUNT
};

struct finding {
	enum finding_kind kind;
	const char *vm;    /* instance of the VM that it is about, NULL = of none */
	const char *about; /* "memory", "doorbell", … */
	const char *text;
};

/* A stretch of physical memory that a space reaches. */
struct access_right {
	const char *who; /* "vm_a", "the VMM of vm_a" */
	uint64_t ipa;
	uint64_t physical;
	uint64_t bytes;
	uint32_t rights;   /* PV_RIGHT_* */
	const char *thing; /* what lies there, by the topology */
	bool granted;      /* by the topology */
};

/* What somebody can do other than by reaching memory. */
struct power {
	const char *who;
	const char *text;
};

struct findings {
	struct arena *arena;
	struct finding *findings;
	size_t finding_count;
	bool full; /* FINDINGS_MAX were reached */
	struct access_right *rights;
	size_t right_count;
	struct power *powers;
	size_t power_count;
};

/* An image that is no image of this topology would have thousands. */
#define FINDINGS_MAX 1000U

/** An empty report; all that is added lives in @arena. */
void findings_init(struct findings *report, struct arena *arena);

/** Add a difference. The same text is kept once. @vm may be NULL. */
void findings_add(struct findings *report, enum finding_kind kind, const char *vm,
                  const char *about, const char *format, ...) __attribute__((format(printf, 5, 6)));

void findings_right(struct findings *report, const struct access_right *right);

void findings_power(struct findings *report, const char *who, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** "extra", "missing", "different", "broken" */
const char *finding_kind_name(enum finding_kind kind);

/** "read, write and execute" for PV_RIGHT_*, "do nothing with" for none. */
const char *findings_rights_text(struct arena *arena, uint32_t rights);

#endif
