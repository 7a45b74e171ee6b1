/* SPDX-License-Identifier: BSD-2-Clause */
/* See interface.h. ioctls of netdevice(7), routes and bridges; iproute2 for tables of bridges. */
#include "backend/daemon/interface.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/daemon/log.h"
#include "backend/daemon/system.h"

#define NET_HEADER_BYTES 12 /* virtio 1.2, 5.1.6: struct virtio_net_hdr with num_buffers */

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

err_t interface_open_tap(const char *name, bool several, int *fd)
{
	struct ifreq tap;
	int header_bytes = NET_HEADER_BYTES;

	set_name(&tap, name);
	tap.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (several ? IFF_MULTI_QUEUE : 0);
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

err_t interface_attach_queue(const char *name, int fd, bool attach)
{
	struct ifreq queue = {.ifr_flags = attach ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE};

	if (ioctl(fd, TUNSETQUEUE, &queue) < 0) {
		log_errno(name, "cannot %s a queue", attach ? "attach" : "detach");
		return ERR_STATE;
	}
	return OK;
}

err_t interface_set_hardware(const char *name, const uint8_t mac[6])
{
	struct ifreq ifr;

	set_name(&ifr, name);
	ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(ifr.ifr_hwaddr.sa_data, mac, 6);
	return request(SIOCSIFHWADDR, &ifr, 0, name, "cannot set the hardware address");
}

/*
 * A bridge takes the lowest address of its ports, and another one when ports come and go, which
 * its neighbours would have to learn. One that has been set it keeps.
 */
err_t interface_make_bridge(const char *name, const uint8_t mac[6])
{
	char copy[IFNAMSIZ] = {0};

	if (if_nametoindex(name) != 0) {
		return OK;
	}
	memcpy(copy, name, strnlen(name, IFNAMSIZ - 1));
	err_t err = request(SIOCBRADDBR, copy, 0, name, "cannot make the bridge");
	return err == OK ? interface_set_hardware(name, mac) : err;
}

/* A setting of a port, by what Linux shows of it in sysfs. */
static err_t set_port(const char *name, const char *setting, const char *value)
{
	char path[sizeof("/sys/class/net//brport/") + IFNAMSIZ + 32];

	snprintf(path, sizeof(path), "/sys/class/net/%s/brport/%s", name, setting);
	return system_set(name, path, value);
}

/*
 * The topology says which address is behind a port, so the bridge need not learn it, and nobody can
 * move it. What is for nobody is not sent to everybody.
 */
static err_t lock_port(const char *name, const uint8_t mac[6])
{
	char text[18];
	const char *const argv[] = {"bridge", "fdb",    "replace", text, "dev",
	                            name,     "master", "static",  NULL};

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
	         mac[3], mac[4], mac[5]);
	if (!system_run(argv, "")) {
		log_line(name, "cannot be given the address %s in its bridge", text);
		return ERR_STATE;
	}
	err_t err = set_port(name, "learning", "0");
	return err == OK ? set_port(name, "unicast_flood", "0") : err;
}

err_t interface_join_bridge(const char *name, const char *bridge, const uint8_t mac[6])
{
	struct ifreq join;

	set_name(&join, bridge);
	join.ifr_ifindex = (int)if_nametoindex(name);
	err_t err = request(SIOCBRADDIF, &join, EBUSY, name, "cannot join the bridge");
	return err == OK ? lock_port(name, mac) : err;
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

err_t interface_set_address(const char *name, const struct dt_subnet *own)
{
	struct ifreq ifr;

	set_name(&ifr, name);
	set_sockaddr(&ifr.ifr_addr, own->address);
	err_t err = request(SIOCSIFADDR, &ifr, EEXIST, name, "cannot set the address");
	if (err == OK) {
		set_sockaddr(&ifr.ifr_netmask, mask_of(own->prefix));
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

err_t interface_add_route(const struct dt_subnet *to, struct in_addr through)
{
	struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};

	set_sockaddr(&route.rt_dst, to->address);
	set_sockaddr(&route.rt_genmask, mask_of(to->prefix));
	set_sockaddr(&route.rt_gateway, through);
	return request(SIOCADDRT, &route, EEXIST, "net", "cannot set a route");
}

err_t interface_forward(void)
{
	return system_set("net", "/proc/sys/net/ipv4/ip_forward", "1");
}
