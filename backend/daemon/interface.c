/* SPDX-License-Identifier: BSD-2-Clause */
/* See interface.h. ioctls of netdevice(7) and bridges; iptables for address translation. */
#include "backend/daemon/interface.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/daemon/log.h"

#define NET_HEADER_BYTES 12 /* virtio 1.2, 5.1.6: struct virtio_net_hdr with num_buffers */

extern char **environ;

static void set_name(struct ifreq *request, const char *name)
{
	size_t length = strnlen(name, IFNAMSIZ - 1);

	*request = (struct ifreq){0};
	memcpy(request->ifr_name, name, length);
}

/* An ioctl on some socket. @done: the errno that says that it is so already. */
static err_t request(unsigned long number, void *argument, int done, const char *name,
                     const char *what)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	err_t err = OK;

	if (fd < 0 || (ioctl(fd, number, argument) < 0 && errno != done)) {
		log_errno(name, "%s", what);
		err = ERR_STATE;
	}
	if (fd >= 0) {
		close(fd);
	}
	return err;
}

err_t interface_open_tap(const char *name, int *fd)
{
	struct ifreq tap;
	int header_bytes = NET_HEADER_BYTES;

	set_name(&tap, name);
	tap.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
	*fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0) {
		log_errno(name, "/dev/net/tun");
		return ERR_STATE;
	}
	if (ioctl(*fd, TUNSETIFF, &tap) < 0 || ioctl(*fd, TUNSETVNETHDRSZ, &header_bytes) < 0 ||
	    ioctl(*fd, TUNSETPERSIST, 1UL) < 0) {
		log_errno(name, "cannot make the tap");
		close(*fd);
		*fd = -1;
		return ERR_STATE;
	}
	return OK;
}

/*
 * A bridge takes the lowest address of its ports, and another one when ports come and go, which
 * its neighbours would have to learn. One that has been set it keeps: so it gets its own.
 */
static err_t fix_hardware_address(const char *name)
{
	struct ifreq ifr;

	set_name(&ifr, name);
	err_t err = request(SIOCGIFHWADDR, &ifr, 0, name, "has no hardware address");
	if (err == OK) {
		err = request(SIOCSIFHWADDR, &ifr, 0, name, "cannot keep its hardware address");
	}
	return err;
}

err_t interface_make_bridge(const char *name)
{
	char copy[IFNAMSIZ] = {0};

	if (if_nametoindex(name) != 0) {
		return OK;
	}
	memcpy(copy, name, strnlen(name, IFNAMSIZ - 1));
	err_t err = request(SIOCBRADDBR, copy, 0, name, "cannot make the bridge");
	return err == OK ? fix_hardware_address(name) : err;
}

err_t interface_join_bridge(const char *name, const char *bridge)
{
	struct ifreq join;

	set_name(&join, bridge);
	join.ifr_ifindex = (int)if_nametoindex(name);
	return request(SIOCBRADDIF, &join, EBUSY, name, "cannot join the bridge");
}

static struct in_addr mask_of(uint32_t prefix)
{
	return (struct in_addr){.s_addr = prefix == 0 ? 0 : htonl(UINT32_MAX << (32 - prefix))};
}

static void set_sockaddr(struct sockaddr *to, struct in_addr address)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = address};

	memcpy(to, &in, sizeof(in));
}

err_t interface_set_address(const char *name, struct in_addr address, uint32_t prefix)
{
	struct ifreq ifr;

	set_name(&ifr, name);
	set_sockaddr(&ifr.ifr_addr, address);
	err_t err = request(SIOCSIFADDR, &ifr, EEXIST, name, "cannot set the address");
	if (err == OK) {
		set_sockaddr(&ifr.ifr_netmask, mask_of(prefix));
		err = request(SIOCSIFNETMASK, &ifr, 0, name, "cannot set the netmask");
	}
	return err;
}

err_t interface_set_up(const char *name)
{
	struct ifreq ifr;

	set_name(&ifr, name);
	err_t err = request(SIOCGIFFLAGS, &ifr, 0, name, "is not there");
	if (err == OK) {
		ifr.ifr_flags |= IFF_UP;
		err = request(SIOCSIFFLAGS, &ifr, 0, name, "cannot be switched on");
	}
	return err;
}

err_t interface_forward(void)
{
	static const char path[] = "/proc/sys/net/ipv4/ip_forward";
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	err_t err = OK;

	if (fd < 0 || write(fd, "1", 1) != 1) {
		log_errno("net", "%s", path);
		err = ERR_STATE;
	}
	if (fd >= 0) {
		close(fd);
	}
	return err;
}

/* Run a program to its end; @quiet: what it complains of is of no interest. */
static bool run(const char *const argv[], bool quiet)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status = 0;
	/* POSIX: posix_spawnp does not write to its arguments, whatever their type says. */
	char *const *arguments = (char *const *)(uintptr_t)argv;

	if (posix_spawn_file_actions_init(&actions) != 0) {
		return false;
	}
	bool ok = !quiet || posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
	                                                     O_WRONLY, 0) == 0;
	ok = ok && posix_spawnp(&pid, argv[0], &actions, NULL, arguments, environ) == 0;
	posix_spawn_file_actions_destroy(&actions);
	return ok && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

err_t interface_masquerade(const char *name, struct in_addr address, uint32_t prefix)
{
	char text[INET_ADDRSTRLEN];
	char source[INET_ADDRSTRLEN + 4];
	struct in_addr net = {.s_addr = address.s_addr & mask_of(prefix).s_addr};

	inet_ntop(AF_INET, &net, text, sizeof(text));
	snprintf(source, sizeof(source), "%s/%u", text, prefix);
	for (int i = 0; i < 2; i++) {
		const char *command = i == 0 ? "--check" : "--append";
		const char *argv[] = {"iptables", "-w", "-t", "nat", command, "POSTROUTING", "-s",
		                      source,     "!",  "-o", name,  "-j",    "MASQUERADE",  NULL};
		/* That the rule is not there yet is no complaint. */
		if (run(argv, i == 0)) {
			return OK;
		}
	}
	log_line(name, "iptables cannot translate addresses of %s", source);
	return ERR_STATE;
}
