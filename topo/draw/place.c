/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Places of a drawing. Graphviz puts all VMs that one VM serves into one column, and islands (VMs
 * that no chain of connections joins) below each other; both make drawings that are high and
 * narrow. So leaves of a VM that has many spread over several columns, and islands lie in rows. A
 * long chain would be low and wide: it is folded. A large web, in which circles or many ways between
 * the same VMs would make columns a ribbon or a tower, is left to a drawing by forces.
 */
#include "topo/base/arena.h"
#include "topo/draw/draw.h"

#define COLUMN_LEAVES 6U /* leaves that one column takes without getting high */
#define FOLD_COLUMNS 8U  /* a long chain is folded after so many VMs */
#define LONG_COLUMNS 12U /* one of so many is not long */
#define THIN_VMS 3U      /* a drawing with fewer VMs in each column can be folded */
#define WEB_RATIO 4U     /* columns that are so much wider than high, or half as narrow: a web */
#define BOX_WIDTH 230U   /* about, with what lies around it */
#define BOX_HEIGHT 80U

/* What is known of one VM while places are made. */
struct spot {
	uint32_t island;       /* lowest VM of its island, or a VM on the way to it */
	size_t number;         /* of the island, in its lowest VM */
	uint32_t served, used; /* connections as device VM and as driver VM */
	uint32_t device_leaves, driver_leaves; /* VMs that are joined with this one alone */
	uint32_t seen_device, seen_driver;     /* of these, given a place so far */
	uint32_t column;                       /* in which it would lie if nothing were folded */
	uint32_t waiting; /* connections as driver VM whose device VM has no column yet */
};

static uint32_t find_island(struct spot *spots, uint32_t vm)
{
	while (spots[vm].island != vm) {
		spots[vm].island = spots[spots[vm].island].island;
		vm = spots[vm].island;
	}
	return vm;
}

static void join(struct spot *spots, uint32_t one, uint32_t other)
{
	uint32_t a = find_island(spots, one);
	uint32_t b = find_island(spots, other);

	if (a < b) {
		spots[b].island = a;
	} else {
		spots[a].island = b;
	}
}

static uint32_t square_root_up(uint32_t number)
{
	uint32_t root = 0;

	while (root * root < number) {
		root++;
	}
	return root;
}

/* Columns for the leaves on one side of a VM. */
static uint32_t leaf_columns(uint32_t leaves)
{
	return leaves <= COLUMN_LEAVES ? 1 : square_root_up(leaves);
}

static bool is_leaf(const struct spot *spot)
{
	return spot->served + spot->used == 1;
}

static void count_connections(const struct model *model, struct spot *spots)
{
	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];

		spots[connection->device_vm].served++;
		spots[connection->driver_vm].used++;
		join(spots, connection->device_vm, connection->driver_vm);
	}
	for (size_t i = 0; i < model->connection_count; i++) {
		struct spot *device = &spots[model->connections[i].device_vm];
		struct spot *driver = &spots[model->connections[i].driver_vm];

		device->driver_leaves += is_leaf(driver) ? 1 : 0;
		driver->device_leaves += is_leaf(device) ? 1 : 0;
	}
}

static uint32_t connection_rank(struct spot *device, struct spot *driver)
{
	if (is_leaf(driver) && !is_leaf(device)) {
		return 1 + device->seen_driver++ % leaf_columns(device->driver_leaves);
	}
	if (is_leaf(device) && !is_leaf(driver)) {
		return 1 + driver->seen_device++ % leaf_columns(driver->device_leaves);
	}
	return 1;
}

/* The first VM of the first column of an island, and of the last. */
struct island {
	uint32_t first, last;
};

static size_t list_islands(const struct model *model, struct spot *spots, struct island *islands)
{
	size_t count = 0;

	for (uint32_t i = 0; i < model->vm_count; i++) {
		if (find_island(spots, i) == i) {
			islands[count] = (struct island){i, i};
			spots[i].number = count++;
		}
		struct island *island = &islands[spots[find_island(spots, i)].number];

		if (spots[i].column < spots[island->first].column) {
			island->first = i;
		}
		if (spots[i].column > spots[island->last].column) {
			island->last = i;
		}
	}
	return count;
}

/* As many rows as make the whole not more than twice as wide as high or so. An island of n VMs is
 * taken for one of up to 4 columns and n / 2 rows. */
static size_t island_rows(size_t islands, size_t vms)
{
	size_t each = islands == 0 ? 1 : (vms + islands - 1) / islands;
	size_t width = BOX_WIDTH * (each < 4 ? each : 4);
	size_t height = BOX_HEIGHT * ((each + 1) / 2);
	size_t rows = 1;

	while (rows < islands && (islands + rows - 1) / rows * width * 2 > 5 * rows * height) {
		rows++;
	}
	return rows;
}

static void place_islands(const struct model *model, struct spot *spots, struct draw_place *place,
                          struct arena *arena)
{
	struct island *islands = arena_alloc(arena, (model->vm_count + 1) * sizeof(*islands));
	size_t count = list_islands(model, spots, islands);
	size_t rows = island_rows(count, model->vm_count);

	place->steps = arena_alloc(arena, (count + 1) * sizeof(*place->steps));
	for (size_t i = rows; i < count; i++) {
		place->steps[place->step_count++] = (struct draw_step){
			.from = islands[i - rows].last,
			.to = islands[i].first,
		};
	}
}

/* Columns. */

/* VMs whose column is known, in the order in which that came about. */
struct known {
	uint32_t *vms;
	size_t count, done;
	bool *listed;
	uint32_t *first; /* connections of device VM n: from first[n] to first[n + 1] of order */
	uint32_t *order;
};

/* Put the connections of each device VM together. */
static void sort_connections(const struct model *model, const struct spot *spots,
                             struct known *known)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < model->vm_count; i++) {
		sum += spots[i].served;
		known->first[i] = sum;
	}
	known->first[model->vm_count] = sum;
	for (size_t i = model->connection_count; i-- > 0;) {
		known->order[--known->first[model->connections[i].device_vm]] = (uint32_t)i;
	}
}

static void list_known(struct known *known, uint32_t vm)
{
	known->listed[vm] = true;
	known->vms[known->count++] = vm;
}

/* All VMs that this one serves lie behind it; those that wait for no other are known now. */
static void push_driver_vms(const struct model *model, struct spot *spots, struct known *known,
                            uint32_t vm)
{
	for (uint32_t i = known->first[vm]; i < known->first[vm + 1]; i++) {
		uint32_t driver = model->connections[known->order[i]].driver_vm;

		if (known->listed[driver]) {
			continue;
		}
		if (spots[driver].column <= spots[vm].column) {
			spots[driver].column = spots[vm].column + 1;
		}
		if (--spots[driver].waiting == 0) {
			list_known(known, driver);
		}
	}
}

/* What columns would make of a topology. */
struct shape {
	uint32_t columns;
	bool circle; /* some VMs serve each other in a circle */
};

/* The longest way to each VM; of a circle, the VM that is first in the topology begins. */
static struct shape find_columns(const struct model *model, struct spot *spots, struct arena *arena)
{
	size_t room = model->vm_count + 1;
	struct known known = {
		.vms = arena_alloc(arena, room * sizeof(*known.vms)),
		.listed = arena_alloc(arena, room * sizeof(*known.listed)),
		.first = arena_alloc(arena, room * sizeof(*known.first)),
		.order = arena_alloc(arena, (model->connection_count + 1) * sizeof(*known.order)),
	};
	struct shape shape = {0, false};
	uint32_t next = 0;

	sort_connections(model, spots, &known);
	for (uint32_t i = 0; i < model->vm_count; i++) {
		spots[i].waiting = spots[i].used;
		if (spots[i].used == 0) {
			list_known(&known, i);
		}
	}
	for (; known.done < model->vm_count; known.done++) {
		if (known.done == known.count) {
			while (known.listed[next]) {
				next++;
			}
			list_known(&known, next);
			shape.circle = true;
		}
		uint32_t vm = known.vms[known.done];

		if (spots[vm].column >= shape.columns) {
			shape.columns = spots[vm].column + 1;
		}
		push_driver_vms(model, spots, &known, vm);
	}
	return shape;
}

static size_t tallest_column(const struct model *model, const struct spot *spots, uint32_t columns,
                             struct arena *arena)
{
	size_t *heights = arena_alloc(arena, ((size_t)columns + 1) * sizeof(*heights));
	size_t tallest = 0;

	for (size_t i = 0; i < model->vm_count; i++) {
		size_t height = ++heights[spots[i].column];

		tallest = height > tallest ? height : tallest;
	}
	return tallest;
}

/* With no more connections than VMs there is at most one way round in each island: leaves that
 * spread and chains that fold do for it. */
static bool is_web(const struct model *model, const struct spot *spots, struct shape shape,
                   struct arena *arena)
{
	if (model->vm_count <= DRAW_LARGE_VMS || model->connection_count <= model->vm_count) {
		return false;
	}
	size_t width = (size_t)shape.columns * BOX_WIDTH;
	size_t height = tallest_column(model, spots, shape.columns, arena) * BOX_HEIGHT;

	return shape.circle || width > height * WEB_RATIO || width * 2 < height;
}

struct draw_place draw_place(const struct model *model, struct arena *arena)
{
	struct draw_place place = {.step_count = 0};
	struct spot *spots = arena_alloc(arena, (model->vm_count + 1) * sizeof(*spots));

	place.ranks = arena_alloc(arena, (model->connection_count + 1) * sizeof(*place.ranks));
	for (uint32_t i = 0; i < model->vm_count; i++) {
		spots[i].island = i;
	}
	count_connections(model, spots);
	struct shape shape = find_columns(model, spots, arena);
	bool fold =
		shape.columns > LONG_COLUMNS && model->vm_count < (size_t)THIN_VMS * shape.columns;

	place.web = is_web(model, spots, shape, arena);
	for (size_t i = 0; i < model->connection_count; i++) {
		struct spot *device = &spots[model->connections[i].device_vm];
		struct spot *driver = &spots[model->connections[i].driver_vm];

		place.ranks[i] = place.web ? 1 : connection_rank(device, driver);
		if (!place.web && fold &&
		    device->column / FOLD_COLUMNS != driver->column / FOLD_COLUMNS) {
			place.ranks[i] = 0;
		}
	}
	if (!place.web) {
		place_islands(model, spots, &place, arena);
	}
	return place;
}
