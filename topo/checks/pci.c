/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of PCI functions, and of bridges. That two VMs have one function is a matter of
 * topo/checks/hardware.c, like all that has two owners.
 */
#include "topo/model/pci.h"

#include "topo/model/pci_models.h"

#define INTID_SPI_FIRST 32U

#include <string.h>

#include "lib/bits.h"
#include "topo/checks/internal.h"

static struct place holding_place(const struct topology *topology, size_t vm,
                                  struct pci_holding holding)
{
	switch (holding.way) {
	case PCI_BY_FUNCTION:
		return topology->model.vms[vm].pci[holding.index].place;
	case PCI_BY_NODE:
		return topology->vm_origins[vm].node_places[holding.index];
	case PCI_BY_RANGE:
	default:
		return topology->model.vms[vm].mmios[holding.index].place;
	}
}

/* Where a VM is given something of PCI, a bridge or a function; false if nothing is. */
static bool find_pci(const struct topology *topology, size_t vm, bool bridge, struct place *place)
{
	const struct vm *row = &topology->model.vms[vm];
	struct pci_holding holding;

	if (pci_holds_bridge(&topology->model, row, &holding)) {
		*place = holding_place(topology, vm, holding);
		return true;
	}
	if (bridge || !pci_has_functions(&topology->model, row)) {
		return false;
	}
	*place = check_hardware_place(topology, vm);
	return true;
}

/* Everyone who has something of PCI, beside the first VM that has a bridge. */
void check_pci_host(struct rules *rules, const struct topology *topology)
{
	size_t count = topology->model.vm_count;
	size_t holder = 0;
	struct place held = PLACE_NONE;
	struct place place = PLACE_NONE;

	while (holder < count && !find_pci(topology, holder, true, &held)) {
		holder++;
	}
	for (size_t i = 0; i < count && holder < count; i++) {
		if (i != holder && find_pci(topology, i, false, &place) &&
		    rule_report(rules, &rule_pci_host, place,
		                "'%s' is given what lies behind the PCI bridge that '%s' holds",
		                check_suffix(topology, i), check_suffix(topology, holder))) {
			diag_note(rules->diag, held, "given to '%s' here",
			          check_suffix(topology, holder));
		}
	}
}

RULE(pci_host, "pci-host", ERROR, EACH,
     "A VM is given a PCI bridge, or registers of the host bridge (configuration space, or a "
     "window over base addresses), and another VM something behind it: who has the bridge has "
     "every function.");

/* Whether somebody beside @vm has something of PCI, which pci-host speaks of. */
static bool others_have_pci(const struct topology *topology, size_t vm)
{
	struct place place;

	for (size_t i = 0; i < topology->model.vm_count; i++) {
		if (i != vm && find_pci(topology, i, false, &place)) {
			return true;
		}
	}
	return false;
}

void check_pci_bridge(struct rules *rules, const struct topology *topology)
{
	struct place place = PLACE_NONE;

	for (size_t i = 0; i < topology->model.vm_count; i++) {
		if (find_pci(topology, i, true, &place) &&
		    (rule_is_off(rules, &rule_pci_host) || !others_have_pci(topology, i)) &&
		    rule_report_runs(rules, &rule_pci_bridge, place,
		                     "'%s' is given a PCI bridge, or registers of the host bridge",
		                     check_suffix(topology, i))) {
			diag_help(rules->diag, "single functions are given by pci_devices");
		}
	}
}

RULE(pci_bridge, "pci-bridge", WARNING, EACH,
     "A VM is given a PCI bridge (function 0:0.0, a root port, the node of one), or registers of "
     "the host bridge: configuration space, or a window over base addresses. Who has those moves "
     "the registers of any function under any page, and numbers the functions that the SMMU tells "
     "from each other: `topo build` and `topo run` refuse it.");

static void check_function_range(struct rules *rules, const struct pci_function *function,
                                 const struct pci_places *places)
{
	const struct {
		const char *what;
		uint32_t number, most;
		struct place place;
	} rows[] = {
		{"bus", function->bus, 255, places->bus},
		{"device", function->device, 31, places->device},
		{"function", function->function, 7, places->function},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		if (rows[i].number > rows[i].most) {
			rule_report(rules, &rule_pci_range, rows[i].place,
			            "PCI has no %s %u: they are 0 to %u", rows[i].what,
			            rows[i].number, rows[i].most);
		}
	}
}

void check_pci_range(const struct check_vm *at)
{
	for (size_t j = 0; j < at->vm->pci_count; j++) {
		check_function_range(at->rules, &at->vm->pci[j], &at->origin->pci_places[j]);
	}
}

RULE(pci_range, "pci-range", ERROR, EACH,
     "A PCI function has a bus of 0 to 255, a device of 0 to 31 and a function of 0 to 7.");

/* A function that a check looks at. */
struct pci_at {
	struct rules *rules;
	const struct topology *topology;
	struct strmap *seen; /* empty before the first one; the check's */
	size_t vm;
	const struct pci_function *function;
};

typedef void pci_visit(const struct pci_at *at);

static void each_function(struct rules *rules, const struct topology *topology, pci_visit *visit)
{
	struct arena *arena = arena_new();
	struct strmap seen;

	strmap_init(&seen, arena);
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		for (size_t j = 0; j < topology->model.vms[i].pci_count; j++) {
			visit(&(struct pci_at){rules, topology, &seen, i,
			                       &topology->model.vms[i].pci[j]});
		}
	}
	arena_free(arena);
}

static void visit_no_irq(const struct pci_at *at)
{
	const struct pci_function *function = at->function;
	const struct machine_slot *slot = pci_slot_of(&at->topology->model, function);
	/* It may have messages, or be nothing that interrupts. */
	bool needs = slot == NULL || (slot->model->vectors == 0 && slot->model->pin != 0);

	if (function->irq == 0 && needs) {
		rule_report(at->rules, &rule_pci_no_irq, function->place,
		            "PCI function %u:%u.%u of '%s' has no interrupt", function->bus,
		            function->device, function->function,
		            check_suffix(at->topology, at->vm));
	}
}

void check_pci_no_irq(struct rules *rules, const struct topology *topology)
{
	each_function(rules, topology, visit_no_irq);
}

RULE(pci_no_irq, "pci-no-irq", ADVICE, EACH,
     "A PCI function is given without an interrupt: its driver has to ask the device over and "
     "over.");

/*
 * Behind the host bridge the line of a function is that of its pin and its slot. The pin of function
 * 0 is the first; that of another one may be any.
 */
static void visit_irq(const struct pci_at *at)
{
	const struct pci_function *function = at->function;
	const struct board *board = at->topology->model.board;
	uint32_t first = board->pci_irq;
	bool in_range =
		function->irq - INTID_SPI_FIRST < board->spi_count; /* or irq-range says so */
	uint32_t line = first + function->device % PCI_LINES;
	bool is_line = function->irq - first < PCI_LINES;

	if (first == 0 || function->bus != 0 || !in_range || function->irq == line ||
	    (is_line && function->function != 0)) {
		return;
	}
	if (rule_report(at->rules, &rule_pci_irq, function->place,
	                "interrupt %u is not that of PCI function 0:%u.%u of '%s'", function->irq,
	                function->device, function->function, check_suffix(at->topology, at->vm))) {
		if (function->function == 0) {
			diag_help(at->rules->diag, "its line is %u", line);
		} else {
			diag_help(at->rules->diag, "its line is one of %u to %u", first,
			          first + PCI_LINES - 1);
		}
	}
}

void check_pci_irq(struct rules *rules, const struct topology *topology)
{
	each_function(rules, topology, visit_irq);
}

RULE_TO_RUN(pci_irq, "pci-irq", EACH,
            "A function behind the host bridge raises the line that its slot and its pin make, and "
            "was given another one.",
            "that the VM has the interrupt that it was given");

static void visit_repeat(const struct pci_at *at)
{
	const struct pci_function *function = at->function;
	const char *key = arena_printf(at->seen->arena, "%zu/%u:%u.%u", at->vm, function->bus,
	                               function->device, function->function);

	if (!check_first_time(at->seen, key, at->seen)) {
		rule_report(at->rules, &rule_pci_repeat, function->place,
		            "'%s' is given PCI function %u:%u.%u twice",
		            check_suffix(at->topology, at->vm), function->bus, function->device,
		            function->function);
	}
}

void check_pci_repeat(struct rules *rules, const struct topology *topology)
{
	each_function(rules, topology, visit_repeat);
}

RULE(pci_repeat, "pci-repeat", ERROR, EACH, "One VM is given the same PCI function twice.");

static void visit_split(const struct pci_at *at)
{
	const struct pci_function *function = at->function;
	const char *key = arena_printf(at->seen->arena, "%u:%u", function->bus, function->device);
	const struct vm *row = &at->topology->model.vms[at->vm];
	const struct vm *owner = strmap_get(at->seen, key);

	if (owner == NULL) {
		strmap_set(at->seen, key, &at->topology->model.vms[at->vm]);
	} else if (owner != row) {
		rule_report(at->rules, &rule_pci_split, function->place,
		            "functions of PCI device %s belong to '%s' and to '%s'", key,
		            row->suffix, owner->suffix);
	}
}

void check_pci_split(struct rules *rules, const struct topology *topology)
{
	each_function(rules, topology, visit_split);
}

RULE(pci_split, "pci-split", ADVICE, EACH,
     "Functions of one PCI device belong to different VMs. They share its reset and its power, "
     "and often nothing keeps the DMA of one apart from the other.");

static void visit_function_name(const struct pci_at *at)
{
	const struct pci_function *function = at->function;

	if (function->name[0] != '\0' && !check_first_time(at->seen, function->name, at->seen)) {
		rule_report(at->rules, &rule_pci_name_twice, function->place,
		            "a second PCI function is called '%s', this one of '%s'",
		            function->name, check_suffix(at->topology, at->vm));
	}
}

void check_pci_name_twice(struct rules *rules, const struct topology *topology)
{
	each_function(rules, topology, visit_function_name);
}

RULE(pci_name_twice, "pci-name-twice", ADVICE, EACH,
     "Two PCI functions have the same name: reports and the hardware matrix cannot tell them "
     "apart.");
