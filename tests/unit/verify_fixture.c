/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images of hand-written models under topo verify, see verify_fixture.h.
 */
#include "verify_fixture.h"

#include <stdlib.h>
#include <string.h>

static struct bytes bytes_of(struct blob blob)
{
	return (struct bytes){blob.data, blob.bytes};
}

/* What the fixture's payloads are, as topo verify would have read them from files. */
static void fill_files(struct verify_fixture *v)
{
	const struct payloads *p = &v->f.payloads;
	struct files *files = &v->files;

	files->kernel = bytes_of(p->kernel);
	files->loader = bytes_of(p->loader);
	files->vmm.entry = p->vmm.entry;
	files->vmm.segment_count = p->vmm.segment_count;
	for (uint32_t i = 0; i < p->vmm.segment_count; i++) {
		files->vmm.segments[i] = (struct program_segment){
			p->vmm.segments[i].va, p->vmm.segments[i].bytes / PAGE,
			p->vmm.segments[i].rights, bytes_of(p->vmm.segments[i].file)};
	}
	files->vms = calloc(FIXTURE_VMS, sizeof(*files->vms));
	for (size_t i = 0; i < v->f.model.vm_count; i++) {
		const struct vm_payload *vm = &p->vms[i];

		files->vms[i].kernel = bytes_of(vm->kernel);
		for (uint32_t j = 0; j < vm->initrd_count; j++) {
			files->vms[i].initrd[j] = bytes_of(vm->initrd[j]);
		}
		files->vms[i].initrd_count = vm->initrd_count;
	}
	files->disks = calloc(FIXTURE_CONNECTIONS, sizeof(*files->disks));
	for (size_t i = 0; i < FIXTURE_CONNECTIONS; i++) {
		files->disks[i] = calloc(FIXTURE_DEVICES, sizeof(**files->disks));
	}
}

void verify_fixture_start(struct verify_fixture *v, void (*system)(struct fixture *f))
{
	memset(v, 0, sizeof(*v));
	system(&v->f);
	v->good = image_make(&v->f.model, &v->f.payloads, v->f.diag);
	if (!v->good) {
		abort();
	}
	fill_files(v);
}

void verify_fixture_end(struct verify_fixture *v)
{
	for (size_t i = 0; i < FIXTURE_CONNECTIONS; i++) {
		free(v->files.disks[i]);
	}
	free(v->files.disks);
	free(v->files.vms);
	image_free(v->good);
	fixture_end(&v->f);
}

long verify_fixture_run(struct verify_fixture *v, struct bytes file, const char *text, bool *said)
{
	struct arena *arena = arena_new();
	struct findings findings;
	struct decoded image;
	const char *why;
	long count = -1;

	findings_init(&findings, arena);
	if (decode_image(arena, file, &image, &why)) {
		verify_image(arena, &v->f.model, &v->files, &image, &findings);
		count = (long)findings.finding_count;
	}
	for (long i = 0; text && i < count; i++) {
		*said = *said || strstr(findings.findings[i].text, text) != NULL;
	}
	arena_free(arena);
	return count;
}
