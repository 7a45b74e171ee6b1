/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames as they are, by packet sockets: what somebody with root's rights in a VM can send, and what
 * arrives. A frame that is to be seen again carries a mark, "PVM:" and a text up to ";".
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/system/probe.h"

#define FRAME_BYTES 2048
#define QUEUE_BYTES (32 << 20)
#define MARK "PVM:"
#define ARP_REPLY 2 /* RFC 826 */

static int open_packets(const char *interface)
{
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	const struct sockaddr_ll place = {.sll_family = AF_PACKET,
	                                  .sll_protocol = htons(ETH_P_ALL),
	                                  .sll_ifindex = (int)if_nametoindex(interface)};

	if (fd < 0 || place.sll_ifindex == 0 ||
	    bind(fd, (const struct sockaddr *)&place, sizeof(place)) != 0) {
		fail(interface);
	}
	return fd;
}

/* frames INTERFACE: send what standard input has, a frame in each line, in hex. */
int command_frames(char **argument)
{
	static char line[2 * FRAME_BYTES + 2];
	uint8_t frame[FRAME_BYTES];
	int fd = open_packets(argument[0]);

	while (fgets(line, sizeof(line), stdin) != NULL) {
		size_t bytes = 0;

		for (; isxdigit((unsigned char)line[2 * bytes]) != 0; bytes++) {
			char digits[] = {line[2 * bytes], line[2 * bytes + 1], 0};

			frame[bytes] = (uint8_t)strtoul(digits, NULL, 16);
		}
		if (send(fd, frame, bytes, 0) != (ssize_t)bytes) {
			fail("send");
		}
	}
	return 0;
}

/* The text of the mark in @frame, NULL if it has none. */
static const char *mark_of(uint8_t *frame, size_t bytes)
{
	char *mark = memmem(frame, bytes, MARK, strlen(MARK));
	char *end =
		mark == NULL ? NULL : memchr(mark, ';', bytes - (size_t)((uint8_t *)mark - frame));

	if (end == NULL) {
		return NULL;
	}
	*end = '\0';
	return mark + strlen(MARK);
}

/* Write a line for each frame that has come in with a mark, and each answer to an ARP request, until
 * the mark is @last. */
static void watch(int fd, FILE *out, const char *last)
{
	uint8_t frame[FRAME_BYTES] = {0};
	struct sockaddr_ll from = {0};

	for (;;) {
		socklen_t length = sizeof(from);
		ssize_t bytes =
			recvfrom(fd, frame, sizeof(frame), 0, (struct sockaddr *)&from, &length);

		if (bytes < ETH_HLEN || from.sll_pkttype == PACKET_OUTGOING) {
			continue;
		}
		if (frame[12] == ETH_P_ARP >> 8 && frame[13] == (ETH_P_ARP & 0xff) && bytes >= 42 &&
		    frame[21] == ARP_REPLY) {
			fprintf(out, "arp-reply:%u.%u.%u.%u\n", frame[28], frame[29], frame[30],
			        frame[31]);
		}
		const char *mark = mark_of(frame, (size_t)bytes);

		if (mark != NULL && strcmp(mark, last) == 0) {
			return;
		}
		if (mark != NULL) {
			fprintf(out, "%s\n", mark);
		}
	}
}

/* sniff INTERFACE FILE LAST: returns when frames are watched; FILE is there when LAST has come. */
int command_sniff(char **argument)
{
	char part[64];
	int fd = open_packets(argument[0]);

	/* No frame may be lost before it is looked at. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &(int){QUEUE_BYTES}, sizeof(int)) != 0) {
		fail("SO_RCVBUFFORCE");
	}
	if (fork() != 0) {
		return 0;
	}
	setsid();
	/* Whoever started the command waits for the end of its output. */
	if (freopen("/dev/null", "w", stdout) == NULL ||
	    freopen("/dev/null", "w", stderr) == NULL) {
		return 1;
	}
	snprintf(part, sizeof(part), "%s.part", argument[1]);
	FILE *out = fopen(part, "w");

	if (out == NULL) {
		return 1;
	}
	watch(fd, out, argument[2]);
	return fclose(out) == 0 && rename(part, argument[1]) == 0 ? 0 : 1;
}
