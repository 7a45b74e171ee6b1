/* SPDX-License-Identifier: BSD-2-Clause */
/* See peer.h. */
#include "tests/backend/peer.h"

#include <dirent.h>
#include <endian.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tests/physical/map.h"

#define DEVICE_TREE "/proc/device-tree"
#define HIDDEN_NODE "hidden"  /* where the daemon does not look */
#define GICD_BASE 0x08000000U /* of QEMU's machine virt */
#define GICD_ISPENDR 0x200U
#define SPI_FIRST 32U
#define PAGE 4096U

static volatile uint32_t *gicd;

static void fail(const char *what)
{
	fprintf(stderr, "peer: %s\n", what);
	exit(2);
}

static volatile void *map(uint64_t address, uint64_t bytes)
{
	void *at = physical_map(address, bytes, O_RDWR | O_SYNC, PROT_READ | PROT_WRITE);

	if (at == MAP_FAILED) {
		fail(PHYSICAL_DEVICE);
	}
	return at;
}

static size_t read_property(const char *node, const char *property, void *to, size_t bytes)
{
	char path[1024];

	snprintf(path, sizeof(path), DEVICE_TREE "/%s/%s", node, property);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t count = fd < 0 ? 0 : read(fd, to, bytes);
	if (fd >= 0) {
		close(fd);
	}
	return count < 0 ? 0 : (size_t)count;
}

/* Pieces in the order of docs/connection.md: page 0, page 1, doorbells, memory. */
static void map_pieces(struct peer *peer, const char *node)
{
	uint64_t reg[10];
	uint32_t interrupts[3 * PEER_LINES];

	if (read_property(node, "reg", reg, sizeof(reg)) != sizeof(reg)) {
		fail("reg");
	}
	peer->out = map(be64toh(reg[0]), PAGE);
	peer->in = map(be64toh(reg[2]), PAGE);
	peer->doorbells = map(be64toh(reg[4]), PAGE);
	peer->memory_bytes = be64toh(reg[7]);
	peer->memory = map(be64toh(reg[6]), peer->memory_bytes);
	size_t bytes = read_property(node, "interrupts", interrupts, sizeof(interrupts));
	peer->line_count = (uint32_t)(bytes / 12);
	for (uint32_t i = 0; i < peer->line_count; i++) {
		peer->intids[i] = SPI_FIRST + be32toh(interrupts[3 * i + 1]);
	}
	uint64_t address;
	if (read_property(node, "peervisor,driver-address", &address, 8) != 8) {
		fail("driver-address");
	}
	peer->driver_address = be64toh(address);
}

/* Look for the connection among the children of @node. */
static bool find(struct peer *peer, const char *node, const char *name)
{
	char path[512];
	struct dirent *entry;

	snprintf(path, sizeof(path), DEVICE_TREE "/%s", node);
	DIR *dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char found[64] = {0};
		snprintf(path, sizeof(path), "%s/%s", node, entry->d_name);
		if (strncmp(entry->d_name, "connection@", 11) == 0 &&
		    read_property(path, "peervisor,peer", found, sizeof(found) - 1) > 0 &&
		    strcmp(found, name) == 0) {
			map_pieces(peer, path);
			closedir(dir);
			return true;
		}
	}
	if (dir != NULL) {
		closedir(dir);
	}
	return false;
}

void peer_open(struct peer *peer, const char *name)
{
	*peer = (struct peer){.name = name};
	gicd = map(GICD_BASE, PAGE);
	if (!find(peer, ".", name) && !find(peer, HIDDEN_NODE, name)) {
		fail("no such connection");
	}
}

void peer_kick(const struct peer *peer, uint32_t line)
{
	uint32_t intid = peer->intids[line];

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	gicd[(GICD_ISPENDR + 4 * (intid / 32)) / 4] = 1U << intid % 32;
}

bool peer_heard(const struct peer *peer, uint32_t line)
{
	bool heard = peer->doorbells[line] != 0;

	peer->doorbells[line] = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return heard;
}

void peer_greet(struct peer *peer)
{
	peer->up = false;
	memset(peer->devices, 0, sizeof(peer->devices));
	iobuf_start(&peer->iobuf, peer->out, peer->in);
	peer_kick(peer, 0);
}

static void take(struct peer *peer, const struct pv_iobuf_message *message)
{
	struct peer_device *device = &peer->devices[message->device % PEER_DEVICES];
	uint32_t sequence;

	memcpy(&sequence, message->payload, sizeof(sequence));
	switch (message->kind) {
	case PV_CTL_READY:
		device->ready = true;
		memcpy(&device->identity, message->payload, sizeof(device->identity));
		peer_kick(peer, 0); /* that it is taken */
		break;
	case PV_CTL_GONE:
		device->ready = false;
		break;
	case PV_CTL_STARTED:
		device->started = sequence;
		device->started_count++;
		break;
	case PV_CTL_STOPPED:
		device->stopped = sequence;
		break;
	case PV_CTL_LOST:
		device->lost = sequence;
		break;
	case PV_CTL_FAILED:
		device->failed = sequence;
		break;
	default:
		fail("message of an unknown kind");
	}
}

void peer_serve(struct peer *peer)
{
	struct pv_iobuf_message message;
	enum iobuf_change change;

	while ((change = iobuf_poll_session(&peer->iobuf)) != IOBUF_NONE) {
		peer->up = change == IOBUF_UP;
		if (change == IOBUF_UP) {
			peer->sessions++;
		}
		peer_kick(peer, 0);
	}
	while (iobuf_receive(&peer->iobuf, &message) == OK) {
		take(peer, &message);
	}
}

bool peer_send(struct peer *peer, uint32_t kind, uint32_t device, const void *payload,
               uint32_t bytes)
{
	struct pv_iobuf_message message = {.kind = kind, .device = device};

	memcpy(message.payload, payload, bytes);
	if (iobuf_send(&peer->iobuf, &message) != OK) {
		return false;
	}
	peer_kick(peer, 0);
	return true;
}

void peer_pause(void)
{
	const struct timespec time = {.tv_nsec = 200000};

	nanosleep(&time, NULL);
}

bool peer_wait(struct peer *peer, bool (*done)(void *arg), void *arg, unsigned int seconds)
{
	time_t end = time(NULL) + seconds;

	for (;;) {
		peer_serve(peer);
		if (done(arg)) {
			return true;
		}
		if (time(NULL) > end) {
			return false;
		}
		peer_pause();
	}
}

/* What file @what of process @pid holds, NULs as spaces. */
static void read_process(int pid, const char *what, char *text, size_t bytes)
{
	char path[64];
	size_t count = 0;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	FILE *file = fopen(path, "re");
	if (file != NULL) {
		count = fread(text, 1, bytes - 1, file);
		fclose(file);
	}
	for (size_t i = 0; i < count; i++) {
		text[i] = text[i] == '\0' ? ' ' : text[i];
	}
	text[count] = '\0';
}

unsigned int signal_all(const char *name, const char *word, int number)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	unsigned int count = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char comm[32];
		char command[1024];
		int pid = (int)strtol(entry->d_name, NULL, 10);
		if (pid <= 0) {
			continue;
		}
		read_process(pid, "comm", comm, sizeof(comm));
		read_process(pid, "cmdline", command, sizeof(command));
		/* The kernel keeps 15 characters of a name. */
		if (strncmp(comm, name, strlen(name) < 15 ? strlen(name) : 15) == 0 &&
		    strstr(command, word) != NULL) {
			count += kill(pid, number) == 0 ? 1 : 0;
		}
	}
	if (dir != NULL) {
		closedir(dir);
	}
	return count;
}
