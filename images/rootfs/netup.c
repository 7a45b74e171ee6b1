/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gives network interfaces their addresses: the arguments are entries WHO=ADDRESS/PREFIX[,GATEWAY],
 * which topo puts into the guest's device tree. An interface is known by its MAC, or as that of a PCI
 * function, DOMAIN:BUS:SLOT.FUNCTION, where its driver takes the MAC from the card. It may come up
 * long after this program has started, or go and come back, so it listens to the kernel's own
 * announcements; the socket is bound before the existing interfaces are asked for, hence none can
 * slip between. An entry is used for one interface at a time: a bridge that takes over the MAC of
 * its port does not get the port's address. Runs as long as the VM does; with --once before the
 * entries, until the interfaces that there are have their addresses.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netinet/ether.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define ENTRIES_MAX 32
#define PREFIX_BITS_MAX 32U
#define MESSAGES_BYTES 16384

struct entry {
	const char *function; /* of PCI; NULL: it is known by its MAC */
	struct ether_addr mac;
	struct in_addr address;
	struct in_addr netmask;
	struct in_addr gateway; /* 0 = none */
	int index;              /* of the interface that has it now, 0 = none */
};

struct netup {
	struct entry entries[ENTRIES_MAX];
	int entry_count;
	int control; /* any IPv4 socket, for the ioctls */
};

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/* Takes @text apart in place. */
static bool parse_entry(char *text, struct entry *entry)
{
	char *address = strchr(text, '=');
	char *prefix = address != NULL ? strchr(address, '/') : NULL;
	char *gateway = prefix != NULL ? strchr(prefix, ',') : NULL;
	char *end;

	if (prefix == NULL) {
		return false;
	}
	*address++ = '\0';
	*prefix++ = '\0';
	if (gateway != NULL) {
		*gateway++ = '\0';
	}
	unsigned long bits = strtoul(prefix, &end, 10);
	if (strchr(text, '.') != NULL) {
		entry->function = text;
	} else if (ether_aton_r(text, &entry->mac) == NULL) {
		return false;
	}
	if (*prefix == '\0' || *end != '\0' || bits > PREFIX_BITS_MAX ||
	    inet_pton(AF_INET, address, &entry->address) != 1 ||
	    (gateway != NULL && inet_pton(AF_INET, gateway, &entry->gateway) != 1)) {
		return false;
	}
	entry->netmask.s_addr =
		htonl(bits == 0 ? 0 : (uint32_t)(UINT32_MAX << (PREFIX_BITS_MAX - (uint32_t)bits)));
	return true;
}

static void set_inet(struct sockaddr *to, struct in_addr address)
{
	struct sockaddr_in inet = {.sin_family = AF_INET, .sin_addr = address};

	memcpy(to, &inet, sizeof(inet));
}

static bool add_gateway(const struct netup *netup, const struct entry *entry)
{
	static const struct in_addr any = {0};
	struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};

	set_inet(&route.rt_dst, any);
	set_inet(&route.rt_genmask, any);
	set_inet(&route.rt_gateway, entry->gateway);
	return ioctl(netup->control, SIOCADDRT, &route) == 0 || errno == EEXIST;
}

static bool configure(const struct netup *netup, const struct entry *entry, const char *name)
{
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	set_inet(&request.ifr_addr, entry->address);
	if (ioctl(netup->control, SIOCSIFADDR, &request) != 0) {
		return false;
	}
	set_inet(&request.ifr_netmask, entry->netmask);
	if (ioctl(netup->control, SIOCSIFNETMASK, &request) != 0 ||
	    ioctl(netup->control, SIOCGIFFLAGS, &request) != 0) {
		return false;
	}
	request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
	if (ioctl(netup->control, SIOCSIFFLAGS, &request) != 0) {
		return false;
	}
	return entry->gateway.s_addr == 0 || add_gateway(netup, entry);
}

static bool is_of(const struct entry *entry, const char *name, const uint8_t *mac)
{
	char path[64];
	char device[PATH_MAX];

	if (entry->function == NULL) {
		return memcmp(&entry->mac, mac, sizeof(entry->mac)) == 0;
	}
	snprintf(path, sizeof(path), "/sys/class/net/%s/device", name);
	ssize_t bytes = readlink(path, device, sizeof(device) - 1);
	if (bytes < 0) {
		return false; /* no function's: a bridge, a tap */
	}
	device[bytes] = '\0';
	const char *slash = strrchr(device, '/');
	return strcmp(slash != NULL ? slash + 1 : device, entry->function) == 0;
}

static void on_link(struct netup *netup, int index, const char *name, const uint8_t *mac)
{
	for (int i = 0; i < netup->entry_count; i++) {
		struct entry *entry = &netup->entries[i];
		if (entry->index != 0 || !is_of(entry, name, mac)) {
			continue;
		}
		if (configure(netup, entry, name)) {
			entry->index = index;
		} else {
			fprintf(stderr, "netup: %s: %s\n", name, strerror(errno));
		}
		return;
	}
}

static void on_link_gone(struct netup *netup, int index)
{
	for (int i = 0; i < netup->entry_count; i++) {
		if (netup->entries[i].index == index) {
			netup->entries[i].index = 0;
		}
	}
}

static void on_message(struct netup *netup, struct nlmsghdr *message)
{
	struct ifinfomsg *link = NLMSG_DATA(message);
	const char *name = NULL;
	const uint8_t *mac = NULL;

	if (message->nlmsg_type == RTM_DELLINK) {
		on_link_gone(netup, link->ifi_index);
	}
	if (message->nlmsg_type != RTM_NEWLINK || link->ifi_type != ARPHRD_ETHER) {
		return;
	}
	int left = (int)IFLA_PAYLOAD(message);
	for (struct rtattr *a = IFLA_RTA(link); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type == IFLA_IFNAME) {
			name = RTA_DATA(a);
		} else if (a->rta_type == IFLA_ADDRESS &&
		           RTA_PAYLOAD(a) == sizeof(struct ether_addr)) {
			mac = RTA_DATA(a);
		}
	}
	if (name != NULL && mac != NULL) {
		on_link(netup, link->ifi_index, name, mac);
	}
}

static void ask_for_links(int links)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
	                   .nlmsg_type = RTM_GETLINK,
	                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	};

	if (send(links, &request, sizeof(request), 0) < 0) {
		die("netup: RTM_GETLINK");
	}
}

static void run(struct netup *netup, int links, bool once)
{
	static union {
		struct nlmsghdr header;
		char bytes[MESSAGES_BYTES];
	} buffer;

	ask_for_links(links);
	for (;;) {
		ssize_t n = recv(links, &buffer, sizeof(buffer), 0);
		if (n < 0 && errno == ENOBUFS) {
			/* Announcements were lost: look at everything again. */
			ask_for_links(links);
			continue;
		}
		if (n < 0 && errno != EINTR) {
			die("netup: recv");
		}
		int left = n > 0 ? (int)n : 0;
		for (struct nlmsghdr *m = &buffer.header; NLMSG_OK(m, (unsigned int)left);
		     m = NLMSG_NEXT(m, left)) {
			if (once && m->nlmsg_type == NLMSG_DONE) {
				return;
			}
			on_message(netup, m);
		}
	}
}

int main(int argc, char **argv)
{
	static struct netup netup;
	const struct sockaddr_nl groups = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	const bool once = argc > 1 && strcmp(argv[1], "--once") == 0;

	for (int i = once ? 2 : 1; i < argc && netup.entry_count < ENTRIES_MAX; i++) {
		if (parse_entry(argv[i], &netup.entries[netup.entry_count])) {
			netup.entry_count++;
		} else {
			fprintf(stderr, "netup: not WHO=ADDRESS/PREFIX[,GATEWAY]: %s\n", argv[i]);
		}
	}
	netup.control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int links = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (netup.control < 0 || links < 0 ||
	    bind(links, (const struct sockaddr *)&groups, sizeof(groups)) != 0) {
		die("netup: socket");
	}
	run(&netup, links, once);
	return EXIT_SUCCESS;
}
