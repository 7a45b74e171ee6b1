/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks of VMs that depend on each other in a cycle. */
#include "topo/checks/internal.h"

/* Whether the driver VM of a connection depends on its device VM in the way that is looked for. */
typedef bool depends_fn(const struct connection *connection);

static bool to_start(const struct connection *connection)
{
	(void)connection;
	return true;
}

static bool to_show_pictures(const struct connection *connection)
{
	return check_has_type(connection, DEVICE_GPU);
}

static size_t count_waits(const struct topology *topology, size_t vm, depends_fn *depends)
{
	const struct vm_origin *origin = &topology->vm_origins[vm];
	size_t count = 0;

	for (size_t i = 0; i < origin->used_count; i++) {
		count += depends(&topology->model.connections[origin->used[i]]);
	}
	return count;
}

/* Take away who waits for nobody, again and again: @waits stays above 0 for the others. */
static void take_ready(const struct topology *topology, depends_fn *depends, size_t *waits,
                       size_t *queue)
{
	size_t end = 0;

	for (size_t i = 0; i < topology->model.vm_count; i++) {
		waits[i] = count_waits(topology, i, depends);
		if (waits[i] == 0) {
			queue[end++] = i;
		}
	}
	for (size_t next = 0; next < end; next++) {
		const struct vm_origin *origin = &topology->vm_origins[queue[next]];

		for (size_t i = 0; i < origin->served_count; i++) {
			const struct connection *connection =
				&topology->model.connections[origin->served[i]];

			if (depends(connection) && --waits[connection->driver_vm] == 0) {
				queue[end++] = connection->driver_vm;
			}
		}
	}
}

/* A connection by which @vm waits for a VM that waits itself. */
static const struct connection *waits_by(const struct topology *topology, depends_fn *depends,
                                         const size_t *waits, size_t vm)
{
	const struct vm_origin *origin = &topology->vm_origins[vm];

	for (size_t i = 0;; i++) { /* there is one */
		const struct connection *connection = &topology->model.connections[origin->used[i]];

		if (depends(connection) && waits[connection->device_vm] > 0) {
			return connection;
		}
	}
}

/* A connection of a cycle, NULL = there is none. */
static const struct connection *find_cycle(const struct topology *topology, depends_fn *depends)
{
	const size_t count = topology->model.vm_count;
	struct arena *arena = arena_new();
	size_t *waits = arena_alloc(arena, (count + 1) * sizeof(*waits));
	size_t *queue = arena_alloc(arena, (count + 1) * sizeof(*queue));
	const struct connection *found = NULL;
	size_t vm = 0;

	take_ready(topology, depends, waits, queue);
	while (vm < count && waits[vm] == 0) {
		vm++;
	}
	if (vm < count) {
		/* After as many steps as there are VMs one is in the cycle itself. */
		for (size_t i = 0; i < count; i++) {
			vm = waits_by(topology, depends, waits, vm)->device_vm;
		}
		found = waits_by(topology, depends, waits, vm);
	}
	arena_free(arena);
	return found;
}

void check_start_cycle(struct rules *rules, const struct topology *topology)
{
	const struct connection *connection = find_cycle(topology, to_start);

	if (connection != NULL) {
		const char *driver = check_suffix(topology, connection->driver_vm);

		rule_report(rules, &rule_start_cycle, connection->place,
		            "'%s' waits for '%s', which waits for '%s' in the end", driver,
		            check_suffix(topology, connection->device_vm), driver);
	}
}

RULE(start_cycle, "start-cycle", ADVICE, WHOLE,
     "VMs serve each other in a cycle: none of them can have its devices before another one is "
     "up, and the loss of one stops all.");

void check_gpu_cycle(struct rules *rules, const struct topology *topology)
{
	const struct connection *connection = find_cycle(topology, to_show_pictures);

	if (connection == NULL) {
		return;
	}
	const char *driver = check_suffix(topology, connection->driver_vm);
	const char *device = check_suffix(topology, connection->device_vm);

	if (rule_report(
		    rules, &rule_gpu_cycle, connection->place,
		    "'%s' would show what '%s' draws on a display of its own that '%s' shows in "
		    "the end: each picture makes another one",
		    device, driver, driver)) {
		diag_help(rules->diag, "leave one gpu out, or have it served by a VM that is in no "
		                       "cycle of them");
	}
}

RULE(gpu_cycle, "gpu-cycle", ERROR, WHOLE,
     "What a driver VM draws its device VM shows on its own display, if it has one. Where the "
     "displays are served in a cycle, each picture that is shown is one that is drawn, without an "
     "end.");
