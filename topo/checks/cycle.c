/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks of VMs that depend on each other in a cycle. */
#include "topo/checks/internal.h"

/* Take away who waits for nobody, again and again: @waits stays above 0 for the others. */
static void take_ready(const struct topology *topology, size_t *waits, size_t *queue)
{
	size_t end = 0;

	for (size_t i = 0; i < topology->model.vm_count; i++) {
		waits[i] = topology->vm_origins[i].used_count;
		if (waits[i] == 0) {
			queue[end++] = i;
		}
	}
	for (size_t next = 0; next < end; next++) {
		const struct vm_origin *origin = &topology->vm_origins[queue[next]];

		for (size_t i = 0; i < origin->served_count; i++) {
			size_t driver = topology->model.connections[origin->served[i]].driver_vm;

			if (--waits[driver] == 0) {
				queue[end++] = driver;
			}
		}
	}
}

/* A connection by which @vm waits for a VM that waits itself. */
static const struct connection *waits_by(const struct topology *topology, const size_t *waits,
                                         size_t vm)
{
	const struct vm_origin *origin = &topology->vm_origins[vm];
	size_t i = 0;

	while (waits[topology->model.connections[origin->used[i]].device_vm] == 0) {
		i++;
	}
	return &topology->model.connections[origin->used[i]];
}

void check_start_cycle(struct rules *rules, const struct topology *topology)
{
	size_t count = topology->model.vm_count;
	struct arena *arena = arena_new();
	size_t *waits = arena_alloc(arena, (count + 1) * sizeof(*waits));
	size_t *queue = arena_alloc(arena, (count + 1) * sizeof(*queue));
	size_t vm = 0;

	take_ready(topology, waits, queue);
	while (vm < count && waits[vm] == 0) {
		vm++;
	}
	if (vm < count) {
		/* After as many steps as there are VMs one is in the cycle itself. */
		for (size_t i = 0; i < count; i++) {
			vm = waits_by(topology, waits, vm)->device_vm;
		}
		const struct connection *connection = waits_by(topology, waits, vm);

		rule_report(rules, &rule_start_cycle, connection->place,
		            "'%s' waits for '%s', which waits for '%s' in the end",
		            check_suffix(topology, vm),
		            check_suffix(topology, connection->device_vm),
		            check_suffix(topology, vm));
	}
	arena_free(arena);
}

RULE(start_cycle, "start-cycle", ADVICE, WHOLE,
     "VMs serve each other in a cycle: none of them can have its devices before another one is "
     "up, and the loss of one stops all.");
