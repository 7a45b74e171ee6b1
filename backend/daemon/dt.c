/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See dt.h. A node is an open directory, a property a file in it: numbers are big-endian cells,
 * strings end in NUL, a flag is an empty file.
 */
#include "backend/daemon/dt.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/daemon/log.h"
#include "lib/bits.h"

#define CONNECTION_PREFIX "connection@"
#define DEVICE_PREFIX "device@"

struct node {
	int fd;
	const char *name;
};

/* Errors are logged where a property is read, with the name of the node. */
static err_t complain(const struct node *node, const char *property, const char *what)
{
	log_line(node->name, "%s: %s", property, what);
	return ERR_ARG;
}

/* The bytes of a property, at most @bytes; -1 if there is none or it is longer. */
static ssize_t read_bytes(const struct node *node, const char *property, void *to, size_t bytes)
{
	char extra;
	int fd = openat(node->fd, property, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		return -1;
	}
	ssize_t count = read(fd, to, bytes);
	if (count == (ssize_t)bytes && read(fd, &extra, 1) != 0) {
		count = -1;
	}
	close(fd);
	return count;
}

static bool has(const struct node *node, const char *property)
{
	return faccessat(node->fd, property, F_OK, 0) == 0;
}

static err_t read_number(const struct node *node, const char *property, size_t bytes,
                         uint64_t *number)
{
	uint8_t cells[8];

	if (read_bytes(node, property, cells, bytes) != (ssize_t)bytes) {
		return complain(node, property,
		                bytes == 4 ? "is not one cell" : "is not two cells");
	}
	*number = 0;
	for (size_t i = 0; i < bytes; i++) {
		*number = *number << 8 | cells[i];
	}
	return OK;
}

static err_t read_u32(const struct node *node, const char *property, uint32_t *number)
{
	uint64_t wide = 0;
	err_t err = read_number(node, property, 4, &wide);

	*number = (uint32_t)wide;
	return err;
}

static err_t read_u64(const struct node *node, const char *property, uint64_t *number)
{
	return read_number(node, property, 8, number);
}

/* One string that fills the property and fits into @bytes with its NUL. */
static err_t read_string(const struct node *node, const char *property, char *to, size_t bytes)
{
	ssize_t count = read_bytes(node, property, to, bytes);

	if (count < 2 || memchr(to, 0, (size_t)count) != to + count - 1) {
		to[0] = '\0';
		return complain(node, property, "is missing, too long or not one string");
	}
	return OK;
}

/* A name for an interface or a directory entry: it must not lead anywhere else. */
static err_t read_name(const struct node *node, const char *property, char *to, size_t bytes)
{
	err_t err = read_string(node, property, to, bytes);

	if (err == OK && (to[0] == '.' || strchr(to, '/') != NULL)) {
		return complain(node, property, "is no fit name");
	}
	return err;
}

static err_t read_network(const struct node *node, enum dt_network *network)
{
	static const char *const words[DT_NETWORK_COUNT] = {
		[DT_NETWORK_BRIDGE] = "bridge",
		[DT_NETWORK_NAT] = "nat",
		[DT_NETWORK_ISOLATED] = "isolated",
		[DT_NETWORK_ROUTED] = "routed",
	};
	char word[DT_WORD_BYTES];
	err_t err = read_string(node, "peervisor,network", word, sizeof(word));

	if (err != OK) {
		return err;
	}
	for (size_t i = 0; i < DT_NETWORK_COUNT; i++) {
		if (strcmp(word, words[i]) == 0) {
			*network = (enum dt_network)i;
			return OK;
		}
	}
	return complain(node, "peervisor,network", "is not bridge, nat, isolated or routed");
}

/* "10.77.0.1/24"; @text is taken apart. */
static bool parse_subnet(char *text, struct dt_subnet *subnet)
{
	char *slash = strchr(text, '/');
	char *end = NULL;

	if (slash == NULL) {
		return false;
	}
	*slash = '\0';
	errno = 0;
	unsigned long prefix = strtoul(slash + 1, &end, 10);
	subnet->prefix = (uint32_t)prefix;
	return end != slash + 1 && *end == '\0' && errno == 0 && prefix <= 32 &&
	       inet_pton(AF_INET, text, &subnet->address) == 1;
}

static err_t read_address(const struct node *node, struct dt_device *device)
{
	char text[DT_WORD_BYTES];
	err_t err = read_string(node, "peervisor,address", text, sizeof(text));

	if (err == OK && !parse_subnet(text, &device->own)) {
		return complain(node, "peervisor,address", "is not ADDRESS/PREFIX");
	}
	return err;
}

/* "10.77.0.2/32 10.78.0.0/24" */
static err_t read_sources(const struct node *node, struct dt_device *device)
{
	char text[PV_BACKEND_SOURCES_MAX * DT_WORD_BYTES];
	char *rest = NULL;
	err_t err = read_string(node, "peervisor,sources", text, sizeof(text));

	if (err != OK) {
		return err;
	}
	for (char *word = strtok_r(text, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		if (device->source_count == PV_BACKEND_SOURCES_MAX ||
		    !parse_subnet(word, &device->sources[device->source_count])) {
			return complain(node, "peervisor,sources", "is no list of ADDRESS/PREFIX");
		}
		device->source_count++;
	}
	return OK;
}

/* The name of an interface: it stands in paths, and in quotes among rules (filter.c). */
static err_t read_interface(const struct node *node, const char *property, char *to)
{
	err_t err = read_name(node, property, to, IFNAMSIZ);

	if (err == OK && strpbrk(to, "\"*\\ \t\n") != NULL) {
		return complain(node, property, "is no fit name");
	}
	return err;
}

static err_t read_net(const struct node *node, struct dt_device *device)
{
	uint32_t queues = device->queue_count;
	err_t err = read_interface(node, "peervisor,tap", device->tap);

	/* A pair, or several and one for commands. */
	if (err == OK && queues != 2 && (queues < 5 || queues % 2 == 0)) {
		err = complain(node, "peervisor,queues", "is not what this type has");
	}
	if (err == OK) {
		err = read_network(node, &device->network);
	}
	if (err == OK && has(node, "peervisor,bridge")) {
		err = read_interface(node, "peervisor,bridge", device->bridge);
	}
	if (err == OK && has(node, "peervisor,address")) {
		err = read_address(node, device);
	}
	if (err == OK && has(node, "peervisor,sources")) {
		err = read_sources(node, device);
	}
	if (err == OK && read_bytes(node, "peervisor,mac", device->mac, sizeof(device->mac)) !=
	                         (ssize_t)sizeof(device->mac)) {
		err = complain(node, "peervisor,mac", "is not six bytes");
	}
	return err;
}

static err_t read_blk(const struct node *node, struct dt_device *device)
{
	err_t err = read_string(node, "peervisor,disk", device->disk, sizeof(device->disk));

	if (err == OK) {
		err = read_string(node, "peervisor,format", device->format, sizeof(device->format));
	}
	if (err == OK) {
		err = read_u64(node, "peervisor,capacity", &device->capacity);
	}
	if (err != OK) {
		return err;
	}
	device->create = has(node, "peervisor,create");
	device->readonly = has(node, "peervisor,readonly");
	if (has(node, "peervisor,reserve")) {
		err = read_u64(node, "peervisor,reserve", &device->reserve);
	}
	device->on_medium = has(node, "peervisor,offset");
	if (err == OK && device->on_medium) {
		err = read_u64(node, "peervisor,offset", &device->offset);
	}
	if (err == OK && has(node, "peervisor,inflight")) {
		err = read_u64(node, "peervisor,inflight", &device->inflight);
	}
	if (err != OK) {
		return err;
	}
	if (strcmp(device->format, "raw") != 0 && strcmp(device->format, "qcow2") != 0) {
		return complain(node, "peervisor,format", "is not raw or qcow2");
	}
	if (device->create && strcmp(device->format, "raw") != 0) {
		return complain(node, "peervisor,create", "goes with raw only");
	}
	if (device->on_medium &&
	    (device->create || device->reserve != 0 || strcmp(device->format, "raw") != 0)) {
		return complain(node, "peervisor,offset", "goes with raw only, and with no file");
	}
	return device->capacity > INT64_MAX || device->reserve > INT64_MAX ||
	                       device->offset > INT64_MAX - device->capacity
	               ? ERR_RANGE
	               : OK;
}

static err_t read_vsock(const struct node *node, struct dt_device *device)
{
	return read_u64(node, "peervisor,cid", &device->cid);
}

static err_t read_fs(const struct node *node, struct dt_device *device)
{
	return has(node, "peervisor,dir") ? read_string(node, "peervisor,dir", device->directory,
	                                                sizeof(device->directory))
	                                  : OK;
}

static err_t read_side(const struct node *node, const char *property, uint32_t *pixels)
{
	err_t err = read_u32(node, property, pixels);

	return err == OK && (*pixels < PV_BACKEND_SIDE_MIN || *pixels > PV_BACKEND_SIDE_MAX)
	               ? complain(node, property, "is out of range")
	               : err;
}

static err_t read_gpu(const struct node *node, struct dt_device *device)
{
	err_t err = read_side(node, "peervisor,width", &device->width);

	return err == OK ? read_side(node, "peervisor,height", &device->height) : err;
}

/* Types without a row have no options: the daemon refuses to serve them, see backend.c. */
static const struct {
	const char *type;
	uint32_t queue_count;                                             /* 0: its reader says */
	err_t (*read)(const struct node *node, struct dt_device *device); /* NULL: no options */
} type_rows[] = {
	{"net", 0, read_net}, {"blk", 0, read_blk}, {"vsock", 3, read_vsock}, {"rng", 1, NULL},
	{"console", 2, NULL}, {"gpu", 2, read_gpu}, {"fs", 2, read_fs},
};

/* What the type of the device wants. */
static err_t read_options(const struct node *node, struct dt_device *device)
{
	for (size_t i = 0; i < ARRAY_COUNT(type_rows); i++) {
		if (strcmp(device->type, type_rows[i].type) != 0) {
			continue;
		}
		if (type_rows[i].queue_count != 0 &&
		    device->queue_count != type_rows[i].queue_count) {
			return complain(node, "peervisor,queues", "is not what this type has");
		}
		return type_rows[i].read != NULL ? type_rows[i].read(node, device) : OK;
	}
	return OK;
}

static err_t read_device(const struct node *node, struct dt_device *device)
{
	err_t err = read_u32(node, "reg", &device->index);

	if (err == OK) {
		err = read_string(node, "peervisor,type", device->type, sizeof(device->type));
	}
	if (err == OK) {
		err = read_u32(node, "peervisor,first-queue", &device->first_queue);
	}
	if (err == OK) {
		err = read_u32(node, "peervisor,queues", &device->queue_count);
	}
	if (err == OK) {
		err = read_u32(node, "peervisor,queue-size", &device->queue_size);
	}
	if (err == OK) {
		err = read_u64(node, "peervisor,features", &device->features);
	}
	if (err != OK) {
		return err;
	}
	if (device->queue_count == 0 || device->queue_count > PV_VMM_QUEUES_MAX) {
		return complain(node, "peervisor,queues", "is out of range");
	}
	if (!is_power_of_two(device->queue_size) || device->queue_size > DT_QUEUE_SIZE_MAX) {
		return complain(node, "peervisor,queue-size", "is no power of two up to 32768");
	}
	return read_options(node, device);
}

/* Call @read for each subdirectory of @node that begins with @prefix, until one fails. */
static err_t each_child(const struct node *node, const char *prefix,
                        err_t (*read)(const struct node *child, void *to), void *to)
{
	int fd = openat(node->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir == NULL) {
		log_errno(node->name, "cannot be read");
		if (fd >= 0) {
			close(fd);
		}
		return ERR_STATE;
	}
	err_t err = OK;
	struct dirent *entry;
	while (err == OK && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0) {
			continue;
		}
		struct node child = {
			.fd = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
			.name = entry->d_name,
		};
		if (child.fd < 0) {
			log_errno(entry->d_name, "cannot be read");
			err = ERR_STATE;
			break;
		}
		err = read(&child, to);
		close(child.fd);
	}
	closedir(dir);
	return err;
}

/* Children come in any order: a device goes to the place of its index. */
static err_t add_device(const struct node *node, void *to)
{
	struct dt_connection *connection = to;
	struct dt_device device = {0};
	err_t err = read_device(node, &device);

	if (err != OK) {
		return err;
	}
	if (device.index >= PV_VMM_DEVICES_MAX) {
		complain(node, "reg", "is too large");
		return ERR_FULL;
	}
	if (connection->devices[device.index].queue_count != 0) {
		return complain(node, "reg", "is there twice");
	}
	connection->devices[device.index] = device;
	connection->device_count++;
	return OK;
}

/* Indices and queues count without gaps: numbers of doorbells and interrupts follow from them. */
static err_t check_numbers(const struct node *node, struct dt_connection *connection)
{
	for (uint32_t i = 0; i < connection->device_count; i++) {
		const struct dt_device *device = &connection->devices[i];
		if (device->queue_count == 0) {
			return complain(node, "device@", "indices have a gap");
		}
		if (device->first_queue != connection->queue_count) {
			return complain(node, "peervisor,first-queue", "does not follow");
		}
		connection->queue_count += device->queue_count;
	}
	return OK;
}

static bool is_compatible(const struct node *node)
{
	char list[256];
	ssize_t count = read_bytes(node, "compatible", list, sizeof(list));

	if (count < 1 || list[count - 1] != '\0') {
		return false;
	}
	for (const char *word = list; word < list + count; word += strlen(word) + 1) {
		if (strcmp(word, PV_BACKEND_COMPATIBLE) == 0) {
			return true;
		}
	}
	return false;
}

static err_t add_connection(const struct node *node, void *to)
{
	struct dt *dt = to;

	if (!is_compatible(node)) {
		return OK;
	}
	struct dt_connection *grown =
		realloc(dt->connections, (dt->count + 1) * sizeof(*dt->connections));
	if (grown == NULL) {
		return ERR_FULL;
	}
	dt->connections = grown;

	struct dt_connection *connection = &grown[dt->count];
	*connection = (struct dt_connection){0};
	err_t err = read_name(node, "peervisor,peer", connection->peer, sizeof(connection->peer));
	if (err == OK) {
		err = each_child(node, DEVICE_PREFIX, add_device, connection);
	}
	if (err == OK) {
		err = check_numbers(node, connection);
	}
	if (err == OK) {
		dt->count++;
	}
	return err;
}

static int by_peer(const void *a, const void *b)
{
	return strcmp(((const struct dt_connection *)a)->peer,
	              ((const struct dt_connection *)b)->peer);
}

err_t dt_read(const char *root, struct dt *dt)
{
	struct node node = {
		.fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.name = root,
	};

	*dt = (struct dt){0};
	if (node.fd < 0) {
		log_errno(root, "cannot be read");
		return ERR_STATE;
	}
	err_t err = each_child(&node, CONNECTION_PREFIX, add_connection, dt);
	if (dt->count > 1) {
		qsort(dt->connections, dt->count, sizeof(*dt->connections), by_peer);
	}
	close(node.fd);
	return err;
}

void dt_free(struct dt *dt)
{
	free(dt->connections);
	*dt = (struct dt){0};
}
