/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attacks by root in a VM that has physical functions: on their configuration space, as sysfs has
 * it, and by the DMA of QEMU's edu device (docs/specs/edu.rst there), which goes where it is told.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/system/probe.h"

#define PAGE 4096UL
#define DEVICES "/sys/bus/pci/devices/"

#define EDU_BYTES 0x100000UL
#define EDU_SOURCE 0x80
#define EDU_TARGET 0x88
#define EDU_COUNT 0x90
#define EDU_COMMAND 0x98
#define EDU_RUN 1U
#define EDU_TO_MEMORY 2U
#define EDU_BUFFER 0x40000U
#define LINE_BYTES 64U
#define ADDRESSES_MAX 64U

/* Of an e1000e (Intel 82574L datasheet, 10.2): its first transmit queue. */
#define NIC_BYTES 0x20000UL
#define NIC_TCTL 0x400U
#define NIC_TDBAL 0x3800U
#define NIC_TDBAH 0x3804U
#define NIC_TDLEN 0x3808U
#define NIC_TDH 0x3810U
#define NIC_TDT 0x3818U
#define NIC_TCTL_ENABLE 2U
#define NIC_DESCRIPTORS 256U
#define NIC_DESCRIPTOR_BYTES 16U
/* Between two faults: a store to it costs the host's CPU far more than the VM's instructions. */
#define NIC_PAUSE 500U

#define COMMAND_OFFSET 4
#define COMMAND_DECODES 2U
#define COMMAND_MASTER 4U

static int open_file(const char *function, const char *name, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), DEVICES "%s/%s", function, name);
	int fd = open(path, flags);
	if (fd < 0) {
		fail(path);
	}
	return fd;
}

static uint32_t config_read(int fd, off_t offset)
{
	uint32_t value = 0;

	if (pread(fd, &value, sizeof(value), offset) != sizeof(value)) {
		fail("configuration space");
	}
	return value;
}

static void config_write(int fd, off_t offset, uint32_t value)
{
	if (pwrite(fd, &value, sizeof(value), offset) != sizeof(value)) {
		fail("configuration space");
	}
}

/* config FUNCTION: turn each bit of each word and back; how many could be. */
int command_config(char **argument)
{
	int fd = open_file(argument[0], "config", O_RDWR);
	off_t bytes = lseek(fd, 0, SEEK_END);
	unsigned turned = 0;

	for (off_t at = 0; at < bytes; at += 4) {
		uint32_t before = config_read(fd, at);

		for (unsigned bit = 0; bit < 32; bit++) {
			config_write(fd, at, before ^ UINT32_C(1) << bit);
			turned += config_read(fd, at) != before ? 1 : 0;
		}
		config_write(fd, at, before);
	}
	printf("turned %u\n", turned);
	return 0;
}

/* bars FUNCTION VALUE: write it to each word from the first base address register to the end of the
 * header, leave it there, and have the function decode. */
int command_bars(char **argument)
{
	int fd = open_file(argument[0], "config", O_RDWR);
	uint32_t value = (uint32_t)number(argument[1]);

	for (off_t at = 0x10; at < 0x40; at += 4) {
		config_write(fd, at, value);
	}
	config_write(fd, COMMAND_OFFSET,
	             config_read(fd, COMMAND_OFFSET) | COMMAND_DECODES | COMMAND_MASTER);
	printf("wrote\n");
	return 0;
}

static volatile uint8_t *map_function(const char *function, size_t bytes)
{
	int config = open_file(function, "config", O_RDWR);

	config_write(config, COMMAND_OFFSET,
	             config_read(config, COMMAND_OFFSET) | COMMAND_DECODES | COMMAND_MASTER);
	close(config);
	int fd = open_file(function, "resource0", O_RDWR | O_SYNC);
	volatile uint8_t *registers = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	close(fd);
	if (registers == MAP_FAILED) {
		fail("resource0");
	}
	return registers;
}

static void edu_set(volatile uint8_t *edu, unsigned at, uint64_t value)
{
	*(volatile uint64_t *)(volatile void *)(edu + at) = value;
}

/* One transfer between its buffer and memory at @address; it clears RUN when it is done. */
static void edu_move(volatile uint8_t *edu, uint64_t address, bool to_memory)
{
	edu_set(edu, EDU_SOURCE, to_memory ? EDU_BUFFER : address);
	edu_set(edu, EDU_TARGET, to_memory ? address : EDU_BUFFER);
	edu_set(edu, EDU_COUNT, LINE_BYTES);
	edu_set(edu, EDU_COMMAND, EDU_RUN | (to_memory ? EDU_TO_MEMORY : 0));
	while ((*(volatile uint64_t *)(volatile void *)(edu + EDU_COMMAND) & EDU_RUN) != 0) {
		usleep(1000);
	}
}

/* Where a page of ours lies, as its VM and the DMA of its functions have it. */
static uint64_t place_of(const void *page)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	if (fd < 0 || pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)page / PAGE * 8)) !=
	                      (ssize_t)sizeof(entry)) {
		fail("/proc/self/pagemap");
	}
	close(fd);
	return (entry & ((UINT64_C(1) << 55) - 1)) * PAGE;
}

/* A line of words that are no secret while they stand inverted. */
static void fill_line(volatile uint64_t *line, uint64_t inverted)
{
	for (unsigned i = 0; i < LINE_BYTES / 8; i++) {
		line[i] = ~inverted;
	}
}

/* How many words of the line are neither 0 nor this. */
static unsigned others_in(const volatile uint64_t *line, uint64_t inverted)
{
	unsigned others = 0;

	for (unsigned i = 0; i < LINE_BYTES / 8; i++) {
		others += line[i] != 0 && line[i] != ~inverted ? 1 : 0;
	}
	return others;
}

/* Write the buffer to each of the addresses, then read from each, and say how many words came that
 * are not the secret's. */
static void attack(volatile uint8_t *edu, volatile uint64_t *page, uint64_t own, uint64_t inverted,
                   char *addresses)
{
	uint64_t list[ADDRESSES_MAX];
	unsigned count = 0;

	for (char *word = strtok(addresses, ","); word != NULL && count < ADDRESSES_MAX;
	     word = strtok(NULL, ",")) {
		list[count++] = number(word);
	}
	for (unsigned i = 0; i < count; i++) {
		edu_move(edu, list[i], true);
	}
	for (unsigned i = 0; i < count; i++) {
		edu_move(edu, list[i], false);
		edu_move(edu, own, true);
		printf("%#" PRIx64 " %u\n", list[i], others_in(page, inverted));
	}
}

/*
 * dma FUNCTION ~SECRET ADDRESS,...: have edu take the secret from a page of ours, which it reaches,
 * and attack these addresses. Leaves no line of the secret in this VM.
 */
int command_dma(char **argument)
{
	volatile uint8_t *edu = map_function(argument[0], EDU_BYTES);
	uint64_t inverted = number(argument[1]);
	volatile uint64_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);

	if (page == MAP_FAILED) {
		fail("mmap");
	}
	fill_line(page, inverted);
	uint64_t own = place_of((const void *)(uintptr_t)page);
	edu_move(edu, own, false);
	memset((void *)(uintptr_t)page, 0, LINE_BYTES);
	edu_move(edu, own, true);
	bool works = page[LINE_BYTES / 8 - 1] == ~inverted;
	memset((void *)(uintptr_t)page, 0, LINE_BYTES);
	if (works) {
		attack(edu, page, own, inverted, argument[2]);
	}
	memset((void *)(uintptr_t)page, 0, LINE_BYTES);
	printf("%s\n", works ? "its own VM is reached" : "it reaches nothing");
	return 0;
}

static void nic_set(volatile uint8_t *nic, unsigned at, uint32_t value)
{
	*(volatile uint32_t *)(volatile void *)(nic + at) = value;
}

/*
 * faults FUNCTION ADDRESS: have an e1000e fetch descriptors from there without end; it says so once the
 * first is fetched. What it reads where there is nothing is 0: a descriptor of no bytes, which it passes.
 */
int command_faults(char **argument)
{
	volatile uint8_t *nic = map_function(argument[0], NIC_BYTES);
	uint64_t address = number(argument[1]);

	nic_set(nic, NIC_TDBAL, (uint32_t)address);
	nic_set(nic, NIC_TDBAH, (uint32_t)(address >> 32));
	nic_set(nic, NIC_TDLEN, NIC_DESCRIPTORS * NIC_DESCRIPTOR_BYTES);
	nic_set(nic, NIC_TDH, 0);
	nic_set(nic, NIC_TDT, 0);
	nic_set(nic, NIC_TCTL, NIC_TCTL_ENABLE);
	for (uint32_t tail = 1;; tail = (tail + 1) % NIC_DESCRIPTORS) {
		nic_set(nic, NIC_TDT, tail);
		if (*(volatile uint32_t *)(volatile void *)(nic + NIC_TDH) != tail) {
			fail("it fetches nothing");
		}
		if (tail == 1) {
			printf("faulting\n");
			fflush(stdout);
		}
		for (volatile unsigned i = 0; i < NIC_PAUSE; i++) {
		}
	}
}
