/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The analysis against brute force: thousands of random small topologies, whose every answer is
 * found again by trying all sets of VMs, from the rules of docs/report.md and nothing of the
 * analysis' own code. The attacker here is a machine: it holds VMs, and may make those fall that
 * are in the set which is tried.
 */
/* links: topo/analysis/analysis.c topo/analysis/attacks.c topo/analysis/blast.c */
/* links: topo/analysis/blocks.c topo/analysis/choke.c topo/analysis/facts.c */
/* links: topo/analysis/falls.c topo/analysis/flow.c topo/analysis/graph.c */
/* links: topo/model/hardware.c topo/model/hardware_board.c topo/model/hardware_kind.c */
/* links: topo/analysis/improve.c topo/analysis/links.c */
/* links: topo/analysis/packets.c topo/model/routes.c */
/* links: topo/analysis/memory.c topo/analysis/passage.c topo/analysis/pattern_answers.c */
/* links: topo/analysis/patterns.c topo/analysis/practices.c topo/analysis/shortest.c */
/* links: topo/analysis/near.c topo/analysis/strong.c topo/analysis/takeover.c */
/* links: topo/base/arena.c topo/base/strmap.c topo/model/board.c topo/model/device_options.c */
/* links: topo/base/units.c */
/* links: topo/model/board_qemu_virt.c topo/model/board_qemu_virt_v3.c topo/model/board_rpi4.c */
/* links: topo/analysis/shared.c topo/model/pci.c topo/model/pci_models.c */
/* links: tests/unit/packets_oracle.c */
/* links: topo/model/medium.c */
#include <stdio.h>
#include <string.h>

#include "packets_oracle.h"
#include "tests/unit/ordered_cmocka.h"
#include "topo/analysis/analysis.h"
#include "topo/model/board.h"

#define ROUNDS 3000U

static uint64_t random_state = 88172645463325252U;

static uint32_t any(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return below == 0 ? 0 : (uint32_t)(random_state >> 33) % below;
}

static uint32_t size_of(set_t set)
{
	return (uint32_t)__builtin_popcount(set);
}

static void add_connection(struct world *w, uint32_t device, uint32_t driver)
{
	static const char *const bridges[] = {"br0", "br1"};
	size_t at = w->model.connection_count++;

	w->devices[at] = (struct device){.type = any(2) == 0 ? DEVICE_NET : DEVICE_BLK};
	if (w->devices[at].type == DEVICE_NET) {
		w->devices[at].network = any(2) == 0 ? (enum network)any(4) : NETWORK_BRIDGE;
		w->devices[at].bridge = any(3) == 0 ? bridges[any(2)] : NULL;
	}
	w->connections[at] = (struct connection){
		.device_vm = device,
		.driver_vm = driver,
		.swiotlb = any(4) != 0,
		.devices = &w->devices[at],
		.device_count = 1,
	};
	w->connections[at].pool_bytes = w->connections[at].swiotlb ? 8 * MIB : 0;
}

static void add_managed(struct world *w, uint32_t vm)
{
	w->vms[vm].may_restart = w->managed[vm];
	for (uint32_t other = 0; other < w->count; other++) {
		if (other != vm && any(10) == 0) {
			w->managed[vm][w->vms[vm].may_restart_count++] = &w->vms[other];
		}
	}
}

/* What may_restart of the VMs in @from names. */
static set_t managed_by(const struct world *w, set_t from)
{
	set_t managed = 0;

	for (uint32_t vm = 0; vm < w->count; vm++) {
		for (size_t i = 0; (from & only_vm(vm)) != 0 && i < w->vms[vm].may_restart_count;
		     i++) {
			managed |= only_vm((uint32_t)(w->vms[vm].may_restart[i] - w->model.vms));
		}
	}
	return managed;
}

/* The rules of docs/report.md, "The attacker". */
static void read_rules(struct world *w)
{
	for (size_t i = 0; i < w->model.connection_count; i++) {
		const struct connection *a = &w->connections[i];

		w->attackable[a->device_vm] |= only_vm(a->driver_vm);
		w->attackable[a->driver_vm] |= only_vm(a->device_vm);
		w->owned[a->device_vm] |= a->swiotlb ? 0 : only_vm(a->driver_vm);
	}
	for (uint32_t a = 0; a < w->count; a++) {
		for (uint32_t b = 0; b < w->count; b++) {
			if (a != b && w->vms[a].irq_count != 0 && w->vms[b].irq_count != 0) {
				w->attackable[a] |= only_vm(b);
				w->nets[a][b]++;
			}
		}
	}
	for (uint32_t vm = 0; vm < w->count; vm++) {
		oracle_packets(w, vm);
		w->owned[vm] |= (w->dma & only_vm(vm)) != 0 ? only_vm(w->count) - 1 : 0;
	}
}

static void make_world(struct world *w)
{
	uint32_t density = 1 + any(6);

	memset(w, 0, sizeof(*w));
	w->count = 2 + any(VMS_MAX - 1);
	w->board = (struct board){.name = "test", .title = "test", .pci_host = "/pcie"};
	w->irq = 60;
	w->model = (struct model){.name = "random",
	                          .board = &w->board,
	                          .vms = w->vms,
	                          .vm_count = w->count,
	                          .connections = w->connections};
	for (uint32_t vm = 0; vm < w->count; vm++) {
		snprintf(w->names[vm], sizeof(w->names[vm]), "v%u", vm);
		w->vms[vm] = (struct vm){.instance = w->names[vm],
		                         .suffix = w->names[vm],
		                         .name = w->names[vm],
		                         .ram_bytes = (uint64_t)(16 + vm) * MIB};
		w->vms[vm].image.own_rootfs = any(16) != 0;
		w->vms[vm].image.own_kernel = any(16) != 0;
		w->vms[vm].image.cmdline = any(16) != 0 ? "quiet console=ttyAMA0 panic=1"
		                                        : "quiet sysctl.net.ipv4.ip_forward=1";
		w->vms[vm].exposed = any(4) == 0;
		w->vms[vm].asset = any(3) == 0 ? "asset" : NULL;
		add_managed(w, vm);
		if (any(12) == 0) {
			w->functions[vm] = (struct pci_function){.name = "disk", .device = vm + 1};
			w->vms[vm].pci = &w->functions[vm];
			w->vms[vm].pci_count = 1;
			w->dma |= only_vm(vm);
		}
		if (any(8) == 0) {
			w->vms[vm].irqs = &w->irq;
			w->vms[vm].irq_count = 1;
		}
	}
	for (uint32_t a = 0; a < w->count; a++) {
		for (uint32_t b = 0; b < w->count; b++) {
			if (a != b && any(8) < density) {
				add_connection(w, a, b);
			}
		}
	}
	read_rules(w);
}

/* All that is held at no cost with @held. */
static set_t closure(const struct world *w, set_t held)
{
	set_t before;

	do {
		before = held;
		for (uint32_t vm = 0; vm < w->count; vm++) {
			held |= (before & only_vm(vm)) != 0 ? w->owned[vm] : 0;
		}
	} while (held != before);
	return held;
}

/* What he ends up with who may make @falls fall, from outside only those in @ways_in. */
static set_t play(const struct world *w, set_t ways_in, set_t falls)
{
	set_t held = closure(w, ways_in & falls);
	set_t before;

	do {
		before = held;
		for (uint32_t vm = 0; vm < w->count; vm++) {
			if ((before & only_vm(vm)) != 0) {
				held |= w->attackable[vm] & falls;
			}
		}
		held = closure(w, held);
	} while (held != before);
	return held;
}

/* Least falls so that all of @goals are held. */
static uint32_t least_falls(const struct world *w, set_t ways_in, set_t goals)
{
	uint32_t best = FALLS_NEVER;

	for (set_t falls = 1; falls < only_vm(w->count); falls++) {
		if (size_of(falls) < best && (play(w, ways_in, falls) & goals) == goals) {
			best = size_of(falls);
		}
	}
	return best;
}

/* Whether a way leads from @from to @to when the VMs of @without are taken out. */
static bool leads(const struct world *w, uint32_t from, uint32_t to, set_t without)
{
	set_t seen = only_vm(from);
	set_t before;

	do {
		before = seen;
		for (uint32_t vm = 0; vm < w->count; vm++) {
			if ((before & only_vm(vm)) != 0) {
				seen |= (w->attackable[vm] | w->owned[vm]) & ~without;
			}
		}
	} while (seen != before);
	return (seen & only_vm(to)) != 0;
}

static set_t set_of(const struct vm_list *list)
{
	set_t set = 0;

	for (size_t i = 0; i < list->count; i++) {
		assert_false((set & only_vm(list->vms[i])) != 0);
		set |= only_vm(list->vms[i]);
	}
	return set;
}

static set_t entrances_of(const struct world *w)
{
	set_t marked = 0;
	set_t roots = 0;
	set_t used = 0;

	for (uint32_t vm = 0; vm < w->count; vm++) {
		marked |= w->vms[vm].exposed ? only_vm(vm) : 0;
	}
	for (size_t i = 0; i < w->model.connection_count; i++) {
		roots |= only_vm(w->connections[i].device_vm);
		used |= only_vm(w->connections[i].driver_vm);
	}
	roots &= ~used;
	return marked != 0   ? oracle_routed_from(w, marked)
	       : w->dma != 0 ? oracle_routed_from(w, w->dma)
	       : roots != 0  ? roots
	                     : only_vm(w->count) - 1;
}

/* Nothing says where outsiders come from: every VM is an entrance, to all others. */
static bool all_enter(const struct world *w)
{
	set_t marked = 0;
	set_t devices = 0;
	set_t drivers = 0;

	for (uint32_t vm = 0; vm < w->count; vm++) {
		marked |= w->vms[vm].exposed ? only_vm(vm) : 0;
	}
	for (size_t i = 0; i < w->model.connection_count; i++) {
		devices |= only_vm(w->connections[i].device_vm);
		drivers |= only_vm(w->connections[i].driver_vm);
	}
	return marked == 0 && w->dma == 0 && (devices & ~drivers) == 0;
}

static set_t assets_of(const struct world *w)
{
	set_t marked = 0;
	set_t leaves = 0;
	set_t served = 0;
	set_t all = only_vm(w->count) - 1;

	for (uint32_t vm = 0; vm < w->count; vm++) {
		marked |= w->vms[vm].asset != NULL ? only_vm(vm) : 0;
	}
	for (size_t i = 0; i < w->model.connection_count; i++) {
		served |= only_vm(w->connections[i].device_vm);
		leaves |= only_vm(w->connections[i].driver_vm);
	}
	leaves &= ~served;
	set_t inside = all & ~entrances_of(w);

	return marked != 0 ? marked : leaves != 0 ? leaves : inside != 0 ? inside : all;
}

static void check_ends(const struct world *w, const struct analysis *analysis)
{
	set_t entrances = entrances_of(w);
	set_t singles = 0;
	uint32_t weakest = FALLS_NEVER;

	assert_int_equal(set_of(&analysis->entrances), entrances);
	assert_int_equal(set_of(&analysis->assets), assets_of(w));
	for (uint32_t vm = 0; vm < w->count; vm++) {
		uint32_t falls = least_falls(w, entrances, only_vm(vm));

		assert_int_equal(analysis->vms[vm].falls, falls);
		if (all_enter(w)) {
			falls = least_falls(w, entrances & ~only_vm(vm), only_vm(vm));
		}
		if ((assets_of(w) & only_vm(vm)) != 0 && falls < weakest) {
			weakest = falls;
		}
		if ((closure(w, only_vm(vm)) & assets_of(w)) == assets_of(w)) {
			singles |= only_vm(vm);
		}
	}
	assert_int_equal(analysis->score.weakest_falls, weakest);
	assert_int_equal(set_of(&analysis->single_points), singles);
}

/* Falls and steps of the best way from VM to VM, as one number; and how many such there are. */
struct hop {
	uint32_t cost; /* falls * 100 + steps; 0 = none */
	uint32_t count;
};

static struct hop hop_between(const struct world *w, uint32_t from, uint32_t to)
{
	struct hop best = {0, 0};

	if (w->nets[from][to] != 0) {
		best = (struct hop){102, w->nets[from][to]};
	}
	for (size_t i = 0; i < w->model.connection_count; i++) {
		const struct connection *c = &w->connections[i];
		bool down = c->device_vm == from && c->driver_vm == to;
		bool up = c->driver_vm == from && c->device_vm == to;
		uint32_t cost = down && !c->swiotlb ? 1 : 101;

		if ((down || up) && (best.cost == 0 || cost < best.cost)) {
			best = (struct hop){cost, 1};
		}
	}
	if ((w->dma & only_vm(from)) != 0 && (best.cost == 0 || best.cost > 2)) {
		best = (struct hop){2, 1};
	}
	return best;
}

/* Try every way without a circle. */
static void walk(const struct world *w, uint32_t at, uint32_t to, set_t seen, struct hop so_far,
                 struct hop *best)
{
	if (at == to) {
		if (best->cost == 0 || so_far.cost < best->cost) {
			*best = (struct hop){so_far.cost, 0};
		}
		best->count += so_far.cost == best->cost ? so_far.count : 0;
		return;
	}
	for (uint32_t next = 0; next < w->count; next++) {
		struct hop hop = hop_between(w, at, next);

		if (hop.cost != 0 && (seen & only_vm(next)) == 0) {
			walk(w, next, to, seen | only_vm(next),
			     (struct hop){so_far.cost + hop.cost, so_far.count * hop.count}, best);
		}
	}
}

static void check_way(const struct world *w, const struct attack *attack, const struct way *way)
{
	uint32_t falls = 0;

	assert_int_equal(way->vms[0], attack->entrance);
	assert_int_equal(way->vms[way->count - 1], attack->asset);
	for (size_t i = 0; i < way->count; i++) {
		falls += way->fell[i] ? 1 : 0;
		if (i > 0) {
			set_t step = way->fell[i] ? w->attackable[way->vms[i - 1]]
			                          : w->owned[way->vms[i - 1]];

			assert_true((step & only_vm(way->vms[i])) != 0);
		}
	}
	assert_int_equal(falls, attack->falls);
}

static void check_cut(const struct world *w, const struct attack *attack)
{
	uint32_t from = attack->entrance;
	uint32_t to = attack->asset;
	set_t ends = only_vm(from) | only_vm(to);
	set_t others = (only_vm(w->count) - 1) & ~ends;
	set_t chokes = 0;
	uint32_t smallest = FALLS_NEVER;

	for (set_t taken = 0; taken <= others; taken++) {
		if ((taken & ~others) != 0 || leads(w, from, to, taken)) {
			continue;
		}
		smallest = size_of(taken) < smallest ? size_of(taken) : smallest;
		chokes |= size_of(taken) == 1 ? taken : 0;
	}
	assert_int_equal(set_of(&attack->chokes), chokes);
	assert_int_equal(attack->direct, smallest == FALLS_NEVER);
	if (smallest != FALLS_NEVER) {
		assert_int_equal(attack->cut.count, smallest);
		assert_false(leads(w, from, to, set_of(&attack->cut)));
	}
}

static void check_attack(const struct world *w, const struct attack *attack)
{
	struct hop best = {0, 0};

	assert_int_equal(attack->falls,
	                 least_falls(w, only_vm(attack->entrance), only_vm(attack->asset)));
	walk(w, attack->entrance, attack->asset, only_vm(attack->entrance), (struct hop){100, 1},
	     &best);
	assert_int_equal(attack->way_count, best.count);
	assert_int_equal(attack->listed,
	                 best.count < ANALYSIS_WAYS_MAX ? best.count : ANALYSIS_WAYS_MAX);
	for (size_t j = 0; j < attack->listed; j++) {
		check_way(w, attack, &attack->ways[j]);
	}
	if (attack->listed != 0 && attack->entrance != attack->asset) {
		check_cut(w, attack);
	}
}

/* The same world, but for DMA that leaves a VM. */
static const struct world *confine(const struct world *w)
{
	static struct world confined;

	confined = *w;
	confined.dma = 0;
	memset(confined.attackable, 0, sizeof(confined.attackable));
	memset(confined.owned, 0, sizeof(confined.owned));
	memset(confined.nets, 0, sizeof(confined.nets));
	read_rules(&confined);
	return &confined;
}

static void check_attacks(const struct world *w, const struct analysis *analysis)
{
	size_t pairs = (size_t)size_of(entrances_of(w)) * size_of(assets_of(w));

	assert_int_equal(analysis->attack_count,
	                 all_enter(w) ? pairs - size_of(assets_of(w)) : pairs);
	for (size_t i = 0; i < analysis->attack_count; i++) {
		check_attack(w, &analysis->attacks[i]);
		assert_int_equal(analysis->attacks[i].confined != NULL, w->dma != 0);
		if (w->dma != 0) {
			check_attack(confine(w), analysis->attacks[i].confined);
		}
	}
}

/* From outside through one VM to another: one entrance, and what was held stays held. */
static void check_passages(const struct world *w, const struct analysis *analysis)
{
	for (uint32_t a = 0; a < w->count; a++) {
		for (uint32_t b = 0; b < w->count; b++) {
			struct passage passage = analysis_passage(analysis, a, b);
			uint32_t best = FALLS_NEVER;

			for (uint32_t vm = 0; vm < w->count && leads(w, a, b, 0); vm++) {
				uint32_t falls = (entrances_of(w) & only_vm(vm)) == 0
				                         ? FALLS_NEVER
				                         : least_falls(w, only_vm(vm),
				                                       only_vm(a) | only_vm(b));

				best = falls < best ? falls : best;
			}
			assert_int_equal(passage.falls, best);
			if (best != FALLS_NEVER) {
				assert_int_equal(passage.in.vms[passage.in.count - 1], a);
				assert_int_equal(passage.on.vms[passage.on.count - 1], b);
			}
		}
	}
}

/* Bytes of memory whose owner is in @owners that the VMs of @readers have mapped or reach by DMA. */
static uint64_t bytes_open(const struct world *w, set_t owners, set_t readers)
{
	uint64_t sum = 0;

	for (uint32_t vm = 0; vm < w->count; vm++) {
		bool open = (readers & (only_vm(vm) | w->dma)) != 0;

		if ((owners & only_vm(vm)) == 0) {
			continue;
		}
		for (size_t i = 0; i < w->model.connection_count; i++) {
			const struct connection *c = &w->connections[i];
			bool mapped = (readers & (only_vm(c->device_vm) | only_vm(vm))) != 0;

			if (c->driver_vm == vm && c->swiotlb) {
				sum += mapped || (readers & w->dma) != 0 ? c->pool_bytes : 0;
			} else if (c->driver_vm == vm) {
				open |= mapped;
			}
		}
		sum += open ? w->vms[vm].ram_bytes : 0;
	}
	return sum;
}

static void check_memory(const struct world *w, const struct analysis *analysis)
{
	set_t all = only_vm(w->count) - 1;

	for (uint32_t vm = 0; vm < w->count; vm++) {
		assert_int_equal(analysis->vms[vm].exposed_bytes,
		                 bytes_open(w, only_vm(vm), all & ~only_vm(vm)));
		assert_int_equal(analysis->vms[vm].foreign_bytes,
		                 bytes_open(w, all & ~only_vm(vm), only_vm(vm)));
		assert_int_equal(analysis->vms[vm].exposed_confined,
		                 bytes_open(confine(w), only_vm(vm), all & ~only_vm(vm)));
		assert_int_equal(analysis->vms[vm].foreign_confined,
		                 bytes_open(confine(w), all & ~only_vm(vm), only_vm(vm)));
		for (uint32_t peer = 0; peer < w->count; peer++) {
			assert_int_equal(analysis_exposure_to(analysis, vm, peer),
			                 vm == peer ? 0
			                            : bytes_open(w, only_vm(vm), only_vm(peer)));
		}
	}
}

static void check_blast(const struct world *w, const struct blast *blast)
{
	set_t held = closure(w, only_vm(blast->vm));
	set_t all = only_vm(w->count) - 1;
	set_t managed = managed_by(w, held);
	set_t stops = 0;
	set_t reached = held;

	for (size_t i = 0; i < w->model.connection_count; i++) {
		const struct connection *c = &w->connections[i];

		stops |=
			((held | managed) & only_vm(c->device_vm)) != 0 ? only_vm(c->driver_vm) : 0;
	}
	assert_int_equal(set_of(&blast->restarts), managed & ~only_vm(blast->vm));
	assert_int_equal(blast->held.vms[0], blast->vm);
	assert_int_equal(set_of(&blast->held), held);
	assert_int_equal(set_of(&blast->stops), stops & ~only_vm(blast->vm));
	assert_int_equal(blast->bytes, bytes_open(w, all & ~only_vm(blast->vm), held));
	for (size_t wave = 0; wave < blast->wave_count; wave++) {
		set_t vms = set_of(&blast->waves[wave]);

		assert_int_equal(reached & vms, 0);
		reached |= vms;
		for (uint32_t vm = 0; vm < w->count; vm++) {
			if ((vms & only_vm(vm)) != 0) {
				assert_int_equal(least_falls(w, only_vm(blast->vm), only_vm(vm)),
				                 wave + 2);
			}
		}
	}
	for (uint32_t vm = 0; vm < w->count; vm++) {
		assert_int_equal(leads(w, blast->vm, vm, 0), (reached & only_vm(vm)) != 0);
	}
	assert_int_equal(blast->safe_count, w->count - size_of(reached));
}

/* Several goals at once, with any ways in. */
static void check_takeover(const struct world *w, const struct analysis *analysis)
{
	for (uint32_t round = 0; round < 4; round++) {
		set_t ways_in = 1 + any(only_vm(w->count) - 1);
		set_t goals = round == 0 ? ways_in : 1 + any(only_vm(w->count) - 1);
		uint32_t in[VMS_MAX];
		uint32_t at[VMS_MAX];
		struct vm_list in_list = {in, 0};
		struct vm_list goal_list = {at, 0};

		for (uint32_t vm = 0; vm < w->count; vm++) {
			if ((ways_in & only_vm(vm)) != 0) {
				in[in_list.count++] = vm;
			}
			if ((goals & only_vm(vm)) != 0) {
				at[goal_list.count++] = vm;
			}
		}
		struct falls_range range = takeover_falls(analysis->graph, in_list, goal_list);

		assert_int_equal(range.least, least_falls(w, ways_in, goals));
		assert_int_equal(range.most, range.least);
	}
}

/* What is proposed makes things better; that it is possible stands in the seed tests. */
static void check_improvement(const struct analysis *analysis)
{
	const struct score *before = &analysis->score;
	const struct score *after = &analysis->improvement.after;

	if (!analysis->improvement.found) {
		return;
	}
	assert_true(after->weakest_falls >= before->weakest_falls);
	if (after->weakest_falls == before->weakest_falls) {
		assert_true(after->weakest_count < before->weakest_count ||
		            after->exposed_bytes < before->exposed_bytes);
	}
}

static void test_random_topologies(void **state)
{
	static struct world w;

	(void)state;
	for (uint32_t round = 0; round < ROUNDS; round++) {
		make_world(&w);
		struct analysis *analysis = analysis_new(&w.model);

		check_ends(&w, analysis);
		check_attacks(&w, analysis);
		check_passages(&w, analysis);
		check_memory(&w, analysis);
		assert_int_equal(analysis->blast_count, w.count);
		for (size_t i = 0; i < analysis->blast_count; i++) {
			check_blast(&w, &analysis->blasts[i]);
			if (w.dma != 0) {
				check_blast(confine(&w), analysis->blasts[i].confined);
			}
		}
		check_takeover(&w, analysis);
		check_improvement(analysis);
		analysis_free(analysis);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_topologies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
