/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plugin of QEMU (plugin API version 4), for bench/datapath.py: counts how often each translated
 * block runs on each CPU, and writes all counts down, to OUT.0, OUT.1, …, whenever a guest executes
 * MARK (bench/datapath_mark.S). So where a window begins and ends is the guest's own matter, and
 * two runs under -icount count the same. The prototypes stand here since no package has the header.
 *
 *   qemu-system-aarch64 -icount shift=0,sleep=off -plugin datapath_plugin.so,out=OUT …
 *
 * A file has the number of the CPU that marked, then lines ADDRESS INSTRUCTIONS RUNS-ON-CPU0
 * RUNS-ON-CPU1 …
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define BUCKETS (1U << 18)
#define CPUS 8U
#define MARK 0xd5032fdfU /* hint #126: does nothing, and no compiler writes it */

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t qemu_plugin_id_t;
typedef void (*translated_t)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*executed_t)(unsigned int, void *);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translated_t call);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, executed_t call, int flags,
                                          void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, executed_t call,
                                            int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t n);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to, size_t bytes);

EXPORT int qemu_plugin_version = 4;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

struct block {
	struct block *next;
	uint64_t address;
	uint32_t instructions;
	uint64_t runs[CPUS];
};

static struct block *buckets[BUCKETS];
static const char *out;

static void count(unsigned int cpu, void *data)
{
	struct block *block = data;

	block->runs[cpu % CPUS]++;
}

static void write_down(unsigned int cpu, void *data)
{
	static unsigned int sequence;
	char path[512];

	(void)data;
	snprintf(path, sizeof(path), "%s.%u", out, sequence++);
	FILE *file = fopen(path, "w");
	if (file == NULL) {
		perror(path);
		exit(1);
	}
	fprintf(file, "%u\n", cpu);
	for (uint32_t i = 0; i < BUCKETS; i++) {
		for (const struct block *b = buckets[i]; b != NULL; b = b->next) {
			fprintf(file, "%" PRIx64 " %" PRIu32, b->address, b->instructions);
			for (uint32_t n = 0; n < CPUS; n++) {
				fprintf(file, " %" PRIu64, b->runs[n]);
			}
			fputc('\n', file);
		}
	}
	fclose(file);
}

/* A block is translated anew when QEMU has thrown it away, and goes on where it was. */
static struct block *find_block(uint64_t address, uint32_t instructions)
{
	struct block **bucket = &buckets[(uint32_t)(address >> 2) * 2654435761U % BUCKETS];

	for (struct block *b = *bucket; b != NULL; b = b->next) {
		if (b->address == address && b->instructions == instructions) {
			return b;
		}
	}
	struct block *made = calloc(1, sizeof(*made));
	if (made == NULL) {
		abort();
	}
	made->address = address;
	made->instructions = instructions;
	made->next = *bucket;
	*bucket = made;
	return made;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t instructions = qemu_plugin_tb_n_insns(tb);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_cb(
		tb, count, 0, find_block(qemu_plugin_tb_vaddr(tb), (uint32_t)instructions));
	for (size_t n = 0; n < instructions; n++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, n);
		uint32_t code = 0;

		qemu_plugin_insn_data(insn, &code, sizeof(code));
		if (code == MARK) {
			qemu_plugin_register_vcpu_insn_exec_cb(insn, write_down, 0, NULL);
		}
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4) != 0) {
		fprintf(stderr, "datapath_plugin: out=FILE is missing\n");
		return 1;
	}
	/* QEMU frees its arguments. */
	out = strdup(argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
