/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system tests' program inside a Linux VM: makes and checks streams of bytes, plants a secret
 * and searches all physical memory that the VM can map for one, and attacks a connection from the
 * device VM's side. Physical memory is reached with root's rights and nothing else (tests/physical).
 *
 * A secret is a 64-bit word; on the command line it stands inverted, so that it is nowhere in the
 * searcher's own memory.
 */
#include "tests/system/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/physical/map.h"

#define PAGE 4096UL
#define CHUNK (1UL << 20)
#define PLACE_BITS 4U
#define BELLS                                                                                      \
	4U /* that a device VM of one net and one blk holds: control, and a call for each queue */

_Noreturn void fail(const char *what)
{
	fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
	exit(1);
}

uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 0);

	if (*text == 0 || *end != 0) {
		errno = EINVAL;
		fail(text);
	}
	return value;
}

/* Map [address, address + bytes) of physical memory. */
void *map_physical(uint64_t address, uint64_t bytes, int protection)
{
	void *place = physical_map(address, bytes, protection & PROT_WRITE ? O_RDWR : O_RDONLY,
	                           protection);

	if (place == MAP_FAILED) {
		fail(PHYSICAL_DEVICE);
	}
	return place;
}

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators". */
uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

/* stream SEED BYTES: that many bytes of a sequence to standard output. BYTES is a multiple of 8. */
static int command_stream(char **argument)
{
	static uint64_t words[8192];
	uint64_t state = number(argument[0]);

	for (uint64_t left = number(argument[1]); left > 0;) {
		size_t bytes = left < sizeof(words) ? (size_t)left : sizeof(words);

		for (size_t i = 0; i < bytes / 8; i++) {
			words[i] = next_random(&state);
		}
		if (fwrite(words, 1, bytes, stdout) != bytes) {
			fail("write");
		}
		left -= bytes;
	}
	return fflush(stdout) == 0 ? 0 : 1;
}

/* absorb SEED BYTES: read standard input to its end; it must be exactly that sequence. */
static int command_absorb(char **argument)
{
	uint64_t state = number(argument[0]);
	uint64_t want = number(argument[1]);
	uint64_t got = 0;
	uint64_t word;

	while (fread(&word, 1, 8, stdin) == 8) {
		if (word != next_random(&state)) {
			printf("wrong bytes at %" PRIu64 "\n", got);
			return 1;
		}
		got += 8;
	}
	printf("%" PRIu64 " bytes, all right\n", got);
	return got == want ? 0 : 1;
}

static struct sockaddr_in address_of(const char *ip, const char *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_port = htons((uint16_t)number(port))};

	if (inet_pton(AF_INET, ip, &address.sin_addr) != 1) {
		fail(ip);
	}
	return address;
}

/* receive PORT SEED BYTES: absorb what the first to connect sends. */
static int command_receive(char **argument)
{
	const struct sockaddr_in address = address_of("0.0.0.0", argument[0]);
	int one = 1;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(listener, 1) != 0) {
		fail("listen");
	}
	if (dup2(accept(listener, NULL, NULL), STDIN_FILENO) < 0) {
		fail("accept");
	}
	return command_absorb(argument + 1);
}

/* send ADDRESS PORT SEED BYTES: stream to there. */
static int command_send(char **argument)
{
	const struct sockaddr_in address = address_of(argument[0], argument[1]);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    dup2(fd, STDOUT_FILENO) < 0) {
		fail("connect");
	}
	return command_stream(argument + 2);
}

/* plant ~SECRET MIB: fill memory with the secret and keep it, until killed. */
static int command_plant(char **argument)
{
	uint64_t secret = ~number(argument[0]);
	uint64_t bytes = number(argument[1]) << 20;
	uint64_t *words = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (words == MAP_FAILED) {
		fail("mmap");
	}
	for (uint64_t i = 0; i < bytes / 8; i++) {
		words[i] = secret;
	}
	printf("planted\n");
	fflush(stdout);
	for (;;) {
		pause();
	}
}

/* repeat ~SECRET BYTES: the secret over and over to standard output. */
static int command_repeat(char **argument)
{
	uint64_t secret = ~number(argument[0]);

	for (uint64_t left = number(argument[1]); left > 0; left -= 8) {
		if (fwrite(&secret, 1, 8, stdout) != 8) {
			fail("write");
		}
	}
	return fflush(stdout) == 0 ? 0 : 1;
}

/* One load of one plain address: a doorbell page, where loads are emulated, takes no other form. */
static uint64_t load64(const uint64_t *place)
{
	uint64_t value;

	__asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(place) : "memory");
	return value;
}

/* What is looked for: words that are the secret in all bits but those of @places, which number it. */
struct search {
	uint64_t inverted, places;
	uint64_t found[1 << PLACE_BITS]; /* by the bits of @places */
};

static void search_in(struct search *search, uint64_t address, uint64_t bytes)
{
	memset(search->found, 0, sizeof(search->found));
	for (uint64_t at = 0; at < bytes; at += CHUNK) {
		uint64_t size = bytes - at < CHUNK ? bytes - at : CHUNK;
		uint64_t *words = map_physical(address + at, size, PROT_READ);

		for (uint64_t i = 0; i < size / 8; i++) {
			uint64_t word = ~load64(&words[i]);

			if (((word ^ search->inverted) & ~search->places) == 0) {
				search->found[~word & search->places]++;
			}
		}
		munmap(words, size);
	}
}

/* Search each piece of memory that /proc/iomem knows: all RAM, and all pieces of connections. */
static void search_all(struct search *search)
{
	FILE *map = fopen("/proc/iomem", "r");
	char line[256];

	if (map == NULL) {
		fail("/proc/iomem");
	}
	while (fgets(line, sizeof(line), map) != NULL) {
		char *end;
		uint64_t first = strtoull(line, &end, 16);
		uint64_t last = *end == '-' ? strtoull(end + 1, &end, 16) : 0;

		if (line[0] == ' ' ||
		    (strstr(line, "System RAM") == NULL && strstr(line, "connection") == NULL)) {
			continue;
		}
		line[strcspn(line, "\n")] = 0;
		search_in(search, first, last - first + 1);
		printf("%s:", line);
		for (uint64_t i = 0; i <= search->places; i++) {
			printf(" %" PRIu64, search->found[i]);
		}
		printf("\n");
	}
	fclose(map);
}

/* find ~SECRET: how often it stands in each piece of memory. */
static int command_find(char **argument)
{
	static struct search search;

	search.inverted = number(argument[0]);
	search_all(&search);
	return 0;
}

/* census ~SECRET: the same of each secret that is this one with other bits of PLACE_BITS. */
static int command_census(char **argument)
{
	static struct search search = {.places = (1 << PLACE_BITS) - 1};

	search.inverted = number(argument[0]);
	search_all(&search);
	return 0;
}

/* exclusive ADDRESS: a load that leaves no syndrome, so that nobody can do it in its place. */
static int command_exclusive(char **argument)
{
	uint64_t address = number(argument[0]);
	char *page = map_physical(address & ~(PAGE - 1), PAGE, PROT_READ);
	uint32_t value;

	__asm__ volatile("ldxr %w0, [%1]"
	                 : "=r"(value)
	                 : "r"(page + (address & (PAGE - 1)))
	                 : "memory");
	printf("loaded 0x%" PRIx32 "\n", value);
	return 0;
}

/* store ADDRESS VALUE, load ADDRESS: 32 bits of physical memory. */
static int command_store(char **argument)
{
	uint64_t address = number(argument[0]);
	volatile uint32_t *page = map_physical(address & ~(PAGE - 1), PAGE, PROT_READ | PROT_WRITE);

	page[(address & (PAGE - 1)) / 4] = (uint32_t)number(argument[1]);
	printf("stored\n");
	return 0;
}

static int command_load(char **argument)
{
	uint64_t address = number(argument[0]);
	const volatile uint32_t *page = map_physical(address & ~(PAGE - 1), PAGE, PROT_READ);

	printf("loaded %#" PRIx32 "\n", page[(address & (PAGE - 1)) / 4]);
	return 0;
}

static uint64_t counter(void)
{
	uint64_t value;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(value) : : "memory");
	return value;
}

/*
 * work ROUNDS: of two instructions, and how long they took by the counter, which counts instructions
 * where the machine does (topo run --icount).
 */
static int command_work(char **argument)
{
	uint64_t rounds = number(argument[0]);
	uint64_t begin = counter();

	__asm__ volatile("1: subs %0, %0, #1; b.ne 1b" : "+r"(rounds) : : "cc");
	printf("took %" PRIu64 "\n", counter() - begin);
	return 0;
}

/* ring PAGE: stores of each width to each offset of a doorbell page, held or not. */
static int command_ring(char **argument)
{
	uint8_t *page = map_physical(number(argument[0]), PAGE, PROT_READ | PROT_WRITE);

	for (uint64_t offset = 0; offset < PAGE; offset++) {
		*(volatile uint8_t *)(page + offset) = 1;
		if (offset % 2 == 0) {
			*(volatile uint16_t *)(void *)(page + offset) = 1;
		}
		if (offset % 4 == 0) {
			*(volatile uint32_t *)(void *)(page + offset) = 1;
		}
		if (offset % 8 == 0) {
			*(volatile uint64_t *)(void *)(page + offset) = 1;
		}
	}
	printf("rang\n");
	return 0;
}

/*
 * scribble BASE BYTES BELLS ROUNDS SEED: random words all over a memdev, thus over every field of every
 * ring that lies there, what was used and how long it is among them; each doorbell between two pages.
 */
static int command_scribble(char **argument)
{
	uint64_t words = number(argument[1]) / 8;
	volatile uint64_t *memory =
		map_physical(number(argument[0]), words * 8, PROT_READ | PROT_WRITE);
	volatile uint32_t *bells = map_physical(number(argument[2]), PAGE, PROT_READ | PROT_WRITE);
	uint64_t rounds = number(argument[3]);
	uint64_t state = number(argument[4]);

	for (uint64_t i = 0; i < rounds * words; i++) {
		memory[i % words] = next_random(&state);
		if (i % (PAGE / 8) == 0) {
			bells[i / (PAGE / 8) % BELLS] = 1;
		}
	}
	printf("scribbled\n");
	return 0;
}

static const struct {
	const char *name;
	int arguments;
	int (*run)(char **argument);
} commands[] = {
	{"stream", 2, command_stream},   {"absorb", 2, command_absorb},
	{"receive", 3, command_receive}, {"send", 4, command_send},
	{"plant", 2, command_plant},     {"repeat", 2, command_repeat},
	{"find", 1, command_find},       {"store", 2, command_store},
	{"load", 1, command_load},       {"exclusive", 1, command_exclusive},
	{"ring", 1, command_ring},       {"forge", 3, command_forge},
	{"frames", 1, command_frames},   {"sniff", 3, command_sniff},
	{"census", 1, command_census},   {"draw", 1, command_draw},
	{"config", 1, command_config},   {"bars", 2, command_bars},
	{"dma", 3, command_dma},         {"scribble", 5, command_scribble},
	{"work", 1, command_work},       {"faults", 2, command_faults},
	{"rings", 2, command_rings},     {"use", 7, command_use},
	{"shake", 5, command_shake},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name) == 0 && argc == commands[i].arguments + 2) {
			return commands[i].run(argv + 2);
		}
	}
	fprintf(stderr, "usage: probe COMMAND ARGUMENT...; see tests/system/probe.c\n");
	return 2;
}
