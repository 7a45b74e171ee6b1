/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What root of a device VM can try against the driver VMs that it serves. Runs there, delivered as
 * the content of a disk image; /dev/mem gives it all that its stage-2 tables grant.
 *
 *   attack scan HEX       search all memory that this VM can name for the bytes HEX xor 0xff
 *   attack page0 PEER     store to the page of the driver VM's VMM
 *   attack bells PEER     ring every offset of the doorbell page
 *   attack forge PEER N   N rounds of nonsense in every word of the own page, each one announced
 */
#include <dirent.h>
#include <endian.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TREE "/sys/firmware/devicetree/base/"
#define PAGE 4096U
/* Order of `reg` in the connection's node: docs/connection.md. */
enum { PAGE_IN, PAGE_OUT, BELLS, MEMORY, RANGES };

struct range {
	uint64_t base, bytes;
};

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

static volatile uint8_t *map(struct range range, int rights)
{
	int memory = open("/dev/mem", rights & PROT_WRITE ? O_RDWR | O_SYNC : O_RDONLY);
	void *at;

	if (memory < 0) {
		fail("/dev/mem");
	}
	at = mmap(NULL, range.bytes, rights, MAP_SHARED, memory, (off_t)range.base);
	if (at == MAP_FAILED) {
		fail("mmap");
	}
	close(memory);
	return at;
}

static size_t read_file(const char *path, void *bytes, size_t room)
{
	FILE *file = fopen(path, "rb");
	size_t count;

	if (!file) {
		return 0;
	}
	count = fread(bytes, 1, room, file);
	fclose(file);
	return count;
}

/* The ranges of the connection to @peer; any peer's with NULL, the one that comes @nth. */
static int connection(const char *peer, unsigned nth, struct range ranges[RANGES])
{
	DIR *tree = opendir(TREE);
	struct dirent *entry;

	if (!tree) {
		fail(TREE);
	}
	while ((entry = readdir(tree))) {
		char path[512], name[64] = "";
		uint64_t cells[2 * RANGES];

		if (strncmp(entry->d_name, "connection@", 11) != 0) {
			continue;
		}
		snprintf(path, sizeof(path), TREE "%s/peervisor,peer", entry->d_name);
		(void)read_file(path, name, sizeof(name) - 1);
		if (peer ? strcmp(peer, name) != 0 : nth-- != 0) {
			continue;
		}
		snprintf(path, sizeof(path), TREE "%s/reg", entry->d_name);
		if (read_file(path, cells, sizeof(cells)) != sizeof(cells)) {
			fail(path);
		}
		for (int i = 0; i < RANGES; i++) {
			ranges[i].base = be64toh(cells[2 * i]);
			ranges[i].bytes = be64toh(cells[2 * i + 1]);
		}
		closedir(tree);
		return 1;
	}
	closedir(tree);
	return 0;
}

/* Matches of @pattern, which is not in memory itself: each byte is stored inverted. */
static unsigned long count(struct range range, const uint8_t *inverted, size_t bytes)
{
	volatile uint8_t *at = map(range, PROT_READ);
	unsigned long found = 0;

	for (uint64_t i = 0; i + bytes <= range.bytes; i++) {
		size_t n = 0;

		while (n < bytes && (at[i + n] ^ inverted[n]) == 0xff) {
			n++;
		}
		found += n == bytes;
	}
	return found;
}

static int scan(const char *hex)
{
	uint8_t inverted[64];
	size_t bytes = strlen(hex) / 2;
	struct range ranges[RANGES];
	unsigned long found = 0;
	uint64_t searched = 0;
	FILE *map_file = fopen("/proc/iomem", "r");
	char line[256];

	for (size_t i = 0; i < bytes && i < sizeof(inverted); i++) {
		unsigned value;

		if (sscanf(hex + 2 * i, "%2x", &value) != 1) {
			return 2;
		}
		inverted[i] = (uint8_t)value;
	}
	while (map_file && fgets(line, sizeof(line), map_file)) {
		unsigned long long first, last;

		if (line[0] != ' ' && strstr(line, "System RAM") &&
		    sscanf(line, "%llx-%llx", &first, &last) == 2) {
			found += count((struct range){first, last - first + 1}, inverted, bytes);
			searched += last - first + 1;
		}
	}
	for (unsigned n = 0; connection(NULL, n, ranges); n++) {
		found += count(ranges[MEMORY], inverted, bytes);
		found += count(ranges[PAGE_IN], inverted, bytes);
		searched += ranges[MEMORY].bytes + ranges[PAGE_IN].bytes;
	}
	printf("searched %llu found %lu\n", (unsigned long long)searched, found);
	return 0;
}

static void ring(volatile uint8_t *bells, unsigned n)
{
	*(volatile uint32_t *)(bells + 4 * (n % (PAGE / 4))) = 1;
}

static int forge(const struct range ranges[RANGES], unsigned rounds)
{
	volatile uint32_t *page =
		(volatile uint32_t *)map(ranges[PAGE_OUT], PROT_READ | PROT_WRITE);
	volatile uint8_t *bells = map(ranges[BELLS], PROT_READ | PROT_WRITE);

	srand(1);
	for (unsigned round = 0; round < rounds; round++) {
		for (unsigned word = 0; word < PAGE / 4; word++) {
			/* Small numbers and all ones, too: those are near what is right. */
			uint32_t value = (uint32_t)rand();

			page[word] = round % 3 == 0 ? value : round % 3 == 1 ? value % 64 : ~0U;
			if (word < 16) {
				ring(bells, 0);
			}
		}
		/* A header that is right but for one field. */
		page[0] = 0x31425650U;
		page[1] = 1;
		page[2] = round + 1;
		page[4] = round % 40;
		ring(bells, 0);
	}
	printf("forged %u rounds\n", rounds);
	return 0;
}

int main(int argc, char **argv)
{
	struct range ranges[RANGES];

	if (argc == 3 && strcmp(argv[1], "scan") == 0) {
		return scan(argv[2]);
	}
	if (argc < 3 || !connection(argv[2], 0, ranges)) {
		fprintf(stderr, "attack: no such connection\n");
		return 2;
	}
	if (strcmp(argv[1], "page0") == 0) {
		volatile uint8_t *page = map(ranges[PAGE_IN], PROT_READ | PROT_WRITE);

		page[8] = 0xee;
		printf("stored\n"); /* not reached: stage 2 forbids it */
		return 0;
	}
	if (strcmp(argv[1], "bells") == 0) {
		volatile uint8_t *bells = map(ranges[BELLS], PROT_READ | PROT_WRITE);

		for (unsigned n = 0; n < 100 * PAGE / 4; n++) {
			ring(bells, n);
		}
		printf("rang\n");
		return 0;
	}
	if (strcmp(argv[1], "forge") == 0 && argc == 4) {
		return forge(ranges, (unsigned)strtoul(argv[3], NULL, 10));
	}
	return 2;
}
