/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the daemon of a device VM speaks to the kernel module of a device VM: two character devices
 * for each connection that the VM serves, named after the peer (the driver VM).
 *
 *   /dev/peervisor/PEER/control  one opener at a time (EBUSY). mmap gives the iobuf pages, one at
 *                                a time, page 0 read-only; the ioctls below tie numbers to
 *                                eventfds. When file and mappings are gone, by a crash
 *                                too, everything is undone.
 *   /dev/peervisor/PEER/memory   memdev, write-back, byte 0 at offset 0: any number of openers,
 *                                mmap (MAP_SHARED) of any range. lseek tells its size.
 *
 *   /dev/peervisor/PEER/inflight the same of the records of requests in flight, where there are any.
 *
 * Numbers are those of docs/connection.md: 0 is the control channel, 1 + n is queue n of the
 * connection, for interrupts (kick) and doorbells (call) alike.
 *
 * The request codes are expanded where they are used, so their user includes <linux/ioctl.h>.
 */
#ifndef ABI_BACKEND_H
#define ABI_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#define PV_BACKEND_VERSION 1U
#define PV_BACKEND_PEER_BYTES 32U
#define PV_BACKEND_SOURCES_MAX 64U          /* peervisor,sources of a net device */
#define PV_BACKEND_CLEAR_SECTORS_MAX 32768U /* of one discard or write of zeroes to a disk */
#define PV_BACKEND_SIDE_MIN 64U             /* of a gpu's display, in pixels */
#define PV_BACKEND_SIDE_MAX 4096U
#define PV_BACKEND_SHARE_MAX 200U                 /* bytes of peervisor,dir of an fs device */
#define PV_BACKEND_DIRECTORY "/var/lib/peervisor" /* of disks and shares, in the device VM */
#define PV_BACKEND_COMPATIBLE "peervisor,connection"

/*
 * The records of requests in flight of one device: a page of the daemon's, then what its storage
 * program notes (vhost-user.rst, "Inflight I/O tracking"), with room to spare. Those of the devices
 * of a connection that have any follow each other, in the order of the devices.
 */
#define PV_BACKEND_INFLIGHT_HEAD 4096U
#define PV_BACKEND_INFLIGHT_BYTES(queues, size)                                                    \
	(PV_BACKEND_INFLIGHT_HEAD + (((queues) * (16U * (size) + 128U) + 4095U) & ~4095U))

/* Offsets for mmap of the control device. */
#define PV_BACKEND_PAGE_IN 0U     /* iobuf page 0: written by the driver VM's VMM, read-only here */
#define PV_BACKEND_PAGE_OUT 4096U /* iobuf page 1: written by us */

struct pv_backend_info {
	uint32_t version;
	uint32_t count; /* of interrupts, and of doorbells: numbers are 0 .. count - 1 */
	uint64_t memory_bytes;
	uint64_t driver_address; /* guest-physical address of memdev in the driver VM */
	char peer[PV_BACKEND_PEER_BYTES];
};

/* An eventfd for a number; fd -1 detaches the one that is there. */
struct pv_backend_eventfd {
	uint32_t number;
	int32_t fd;
};

#define PV_BACKEND_IOC 0xb7
#define PV_BACKEND_GET_INFO _IOR(PV_BACKEND_IOC, 0, struct pv_backend_info)
/* Interrupt `number` signals the eventfd. One that came while there was none does so at once. */
#define PV_BACKEND_SET_EVENT _IOW(PV_BACKEND_IOC, 1, struct pv_backend_eventfd)
/* Whoever signals the eventfd rings doorbell `number`; if it is signalled already, at once. */
#define PV_BACKEND_SET_CALL _IOW(PV_BACKEND_IOC, 2, struct pv_backend_eventfd)
/* Ring doorbell `argument`. */
#define PV_BACKEND_RING _IO(PV_BACKEND_IOC, 3)

_Static_assert(sizeof(struct pv_backend_info) == 56, "backend info");
_Static_assert(sizeof(struct pv_backend_eventfd) == 8, "backend eventfd");

#endif
