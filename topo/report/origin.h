/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a report was made from, when and how, so that a reader who has nothing but the report can
 * make it again and see whether he has the same files.
 */
#ifndef TOPO_REPORT_ORIGIN_H
#define TOPO_REPORT_ORIGIN_H

#include <stddef.h>
#include <stdint.h>

struct origin_file {
	const char *what;    /* "topology", "kernel", …; "topo" is one of topo's own */
	const char *path;    /* as it was read */
	const char *source;  /* what a root file system of packages was made of; else NULL */
	const char *digest;  /* SHA-256; NULL: there is none */
	const char *why;     /* why there is none */
	const char *changed; /* of a disk, which is not hashed: when; else NULL */
	uint64_t bytes;      /* and its size */
};

struct report_origin {
	const char *version;
	const char *date;      /* UTC; SOURCE_DATE_EPOCH goes before the clock */
	const char *directory; /* where the command was called */
	const char *command;   /* as a shell reads it */
	struct origin_file *files;
	size_t count;
};

#endif
