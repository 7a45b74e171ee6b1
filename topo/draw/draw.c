/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The drawing of a topology: VMs as boxes inside the kernel's, with role, memory, hardware and the
 * marks of the analysis, connections as arrows from the device VM to the driver VM with what they
 * serve and what they expose.
 */
#include "topo/draw/draw.h"

#include <inttypes.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/base/arena.h"
#include "topo/base/strmap.h"
#include "topo/base/units.h"
#include "topo/draw/words.h"
#include "topo/model/board.h"
#include "topo/model/device_options.h"

#define SMALL "<FONT POINT-SIZE=\"10\" COLOR=\"#4b5563\">"
#define ASSET "#d97706"
#define COMMON_POOL MIB(8)
#define CURVES_VMS 80U /* arrows of a larger web are straight */

struct drawing {
	const struct model *model;
	FILE *out;
	struct arena *arena;
	bool large;           /* what goes without saying is left out */
	const char *common;   /* types that most connections serve, "" = each says its own */
	unsigned int *bundle; /* of each VM that serves: a number, in the order of the file */
	struct draw_place place;
};

/* In a large drawing arrows of one VM have one of these, to be followed through the crossings of others.
 * They are dark enough for lines, and none is taken for that of danger. */
static const char *const bundles[] = {
	"#1d4ed8", "#15803d", "#a16207", "#7e22ce", "#0e7490", "#be185d", "#374151", "#65a30d",
};

enum role { ROLE_ALONE, ROLE_DEVICE, ROLE_DRIVER, ROLE_HYBRID };

/* By what a VM does for others and others for it: device is bit 0, driver bit 1. */
static const struct {
	const char *name;
	const char *fill;
	const char *line;
} roles[] = {
	[ROLE_ALONE] = {"no connection", "#f3f4f6", "#6b7280"},
	[ROLE_DEVICE] = {"device VM", "#dbeafe", "#1d4ed8"},
	[ROLE_DRIVER] = {"driver VM", "#dcfce7", "#15803d"},
	[ROLE_HYBRID] = {"hybrid", "#ede9fe", "#6d28d9"},
};

static void put_bytes(FILE *out, uint64_t bytes)
{
	struct size_in_units size = size_in_units(bytes);

	fprintf(out, "%" PRIu64 " %s", size.count, size.unit);
}

/* VMs. */

static void put_mark(FILE *out, const char *fill, unsigned int points, const char *colour,
                     const char *word, const char *text)
{
	fprintf(out, "<TR><TD BGCOLOR=\"%s\"><FONT POINT-SIZE=\"%u\" COLOR=\"%s\"><B>%s</B>", fill,
	        points, colour, word);
	if (text != NULL) {
		fputs(": ", out);
		draw_text(out, text);
	}
	fputs("</FONT></TD></TR>", out);
}

static void put_marks(FILE *out, const struct vm *vm)
{
	if (vm->exposed) {
		put_mark(out, "#fee2e2", 10, DRAW_DANGER, "exposed", NULL);
	}
	if (vm->asset != NULL) {
		put_mark(out, "#fcd34d", 14, "#451a03", "asset", vm->asset);
	}
	if (vm->trust == TRUST_HIGH) {
		put_mark(out, "#ffffff", 10, "#166534", "high trust", NULL);
	} else if (vm->trust == TRUST_LOW) {
		put_mark(out, "#ffffff", 10, "#9a3412", "low trust", NULL);
	}
}

/* In lines that break between words. Graphviz takes no FONT that is empty. */
static void put_description(FILE *out, const char *text)
{
	size_t column = 0;

	text += strspn(text, " ");
	if (*text == '\0') {
		return;
	}
	fputs("<TR><TD>" SMALL, out);
	while (*text != '\0') {
		size_t bytes = strcspn(text, " ");

		if (column != 0) {
			bool fits = column + 1 + bytes <= DRAW_LINE_CHARACTERS;

			fputs(fits ? " " : "<BR/>", out);
			column = fits ? column + 1 : 0;
		}
		draw_text_bytes(out, text, bytes);
		column += bytes;
		text += bytes;
		text += strspn(text, " ");
	}
	fputs("</FONT></TD></TR>", out);
}

static void put_vm(struct drawing *drawing, size_t index, enum role role)
{
	const struct model *model = drawing->model;
	const struct vm *vm = &model->vms[index];
	FILE *out = drawing->out;

	fprintf(out,
	        "    vm%zu [label=<<TABLE STYLE=\"ROUNDED\" BORDER=\"%u\" CELLBORDER=\"0\" "
	        "CELLSPACING=\"3\" CELLPADDING=\"2\" COLOR=\"%s\" BGCOLOR=\"%s\">"
	        "<TR><TD><FONT POINT-SIZE=\"15\"><B>",
	        index, vm->asset != NULL ? 5U : 2U, vm->asset != NULL ? ASSET : roles[role].line,
	        roles[role].fill);
	draw_text(out, vm->name);
	fprintf(out,
	        "</B></FONT></TD></TR><TR><TD><FONT POINT-SIZE=\"10\" COLOR=\"%s\"><B>%s</B>"
	        "</FONT>" SMALL " · ",
	        roles[role].line, roles[role].name);
	put_bytes(out, vm->ram_bytes);
	if (vm->vcpu_count != 1) {
		fprintf(out, " · %u vCPUs", vm->vcpu_count);
	}
	fputs("</FONT></TD></TR>", out);
	if (vm->description != NULL) {
		put_description(out, vm->description);
	}
	if (draw_has_hardware(vm)) {
		draw_hardware(model, (uint32_t)index, drawing->arena, out);
	} else if (!drawing->large) {
		fputs("<TR><TD>" SMALL "<I>no hardware</I></FONT></TD></TR>", out);
	}
	put_marks(out, vm);
	fputs("</TABLE>>];\n", out);
}

static void put_vms(struct drawing *drawing)
{
	const struct model *model = drawing->model;
	unsigned int *found = arena_alloc(drawing->arena, (model->vm_count + 1) * sizeof(*found));

	for (size_t i = 0; i < model->connection_count; i++) {
		found[model->connections[i].device_vm] |= ROLE_DEVICE;
		found[model->connections[i].driver_vm] |= ROLE_DRIVER;
	}
	/* In a cluster that lies on its side, Graphviz stacks the VMs that others serve from below,
	 * and those at the beginning from above. */
	for (size_t i = 0; i < model->vm_count; i++) {
		if ((found[i] & ROLE_DRIVER) == 0) {
			put_vm(drawing, i, (enum role)found[i]);
		}
	}
	for (size_t i = model->vm_count; i-- > 0;) {
		if ((found[i] & ROLE_DRIVER) != 0) {
			put_vm(drawing, i, (enum role)found[i]);
		}
	}
}

/* Connections. */

/* "net ×2, blk" */
static const char *types_text(struct arena *arena, const struct connection *connection)
{
	const char *text = "";

	for (enum device_type type = DEVICE_NET; type < DEVICE_TYPE_COUNT; type++) {
		size_t count = 0;

		for (size_t i = 0; i < connection->device_count; i++) {
			count += connection->devices[i].type == type ? 1 : 0;
		}
		if (count != 0) {
			text = arena_printf(arena, "%s%s%s", text, text[0] == '\0' ? "" : ", ",
			                    device_type_name(type));
		}
		if (count > 1) {
			text = arena_printf(arena, "%s ×%zu", text, count);
		}
	}
	return text;
}

/* What most connections serve: said once. Of a small drawing, each arrow says it: "" */
static const char *common_types(const struct model *model, struct arena *arena)
{
	struct strmap counts;
	const char *common = "";
	size_t most = 1;

	strmap_init(&counts, arena);
	for (size_t i = 0; i < model->connection_count; i++) {
		const char *text = types_text(arena, &model->connections[i]);
		void **slot = strmap_slot(&counts, text, strlen(text));
		size_t count = (uintptr_t)*slot + 1;

		*slot = (void *)(uintptr_t)count;
		if (count > most) {
			most = count;
			common = text;
		}
	}
	return common;
}

/* The lines of an arrow's label; none when all of it goes without saying. */
static void put_label(const struct drawing *drawing, const struct connection *connection)
{
	const char *types = types_text(drawing->arena, connection);
	const char *between = "";
	FILE *out = drawing->out;

	fputs("label=<", out);
	if (strcmp(types, drawing->common) != 0) {
		fputs(types, out);
		between = "<BR/>";
	}
	if (!connection->swiotlb) {
		fprintf(out, "%s<FONT COLOR=\"" DRAW_DANGER "\"><B>all RAM!</B></FONT>", between);
	} else if (!drawing->large || connection->pool_bytes != COMMON_POOL) {
		fprintf(out, "%s" SMALL, between);
		put_bytes(out, connection->pool_bytes);
		fputs(" pool</FONT>", out);
	}
	fputs(">", out);
}

static bool needs_label(const struct drawing *drawing, const struct connection *connection)
{
	return !drawing->large || !connection->swiotlb || connection->pool_bytes != COMMON_POOL ||
	       strcmp(types_text(drawing->arena, connection), drawing->common) != 0;
}

static void put_connection(const struct drawing *drawing, const struct connection *connection,
                           uint32_t rank)
{
	const char *between = "";
	FILE *out = drawing->out;

	fprintf(out, "    vm%u -> vm%u [", connection->device_vm, connection->driver_vm);
	if (needs_label(drawing, connection)) {
		put_label(drawing, connection);
		between = ", ";
	}
	if (!connection->swiotlb) {
		fprintf(out, "%scolor=\"" DRAW_DANGER "\", penwidth=2.2", between);
		between = ", ";
	} else if (drawing->large) {
		fprintf(out, "%scolor=\"%s\"", between,
		        bundles[drawing->bundle[connection->device_vm] % ARRAY_COUNT(bundles)]);
		between = ", ";
	}
	if (rank == 0) {
		fprintf(out, "%sconstraint=false", between);
	} else if (rank != 1) {
		fprintf(out, "%sminlen=%u", between, rank);
	}
	fputs("];\n", out);
}

/* Who may restart whom; where VMs stand does not depend on it. */
static void put_restarts(const struct drawing *drawing)
{
	const struct model *model = drawing->model;

	for (size_t i = 0; i < model->vm_count; i++) {
		for (size_t j = 0; j < model->vms[i].may_restart_count; j++) {
			fprintf(drawing->out,
			        "    vm%zu -> vm%zu [label=<" SMALL
			        "may restart</FONT>>, style=dashed, constraint=false];\n",
			        i, (size_t)(model->vms[i].may_restart[j] - model->vms));
		}
	}
}

/* Number the VMs that serve. */
static unsigned int *find_bundles(const struct model *model, struct arena *arena)
{
	unsigned int *bundle = arena_alloc(arena, (model->vm_count + 1) * sizeof(*bundle));
	unsigned int count = 0;

	for (size_t i = 0; i < model->connection_count; i++) {
		bundle[model->connections[i].device_vm] = 1;
	}
	for (size_t i = 0; i < model->vm_count; i++) {
		if (bundle[i] != 0) {
			bundle[i] = count++;
		}
	}
	return bundle;
}

static void put_connections(const struct drawing *drawing)
{
	const struct draw_place *place = &drawing->place;

	for (size_t i = 0; i < drawing->model->connection_count; i++) {
		put_connection(drawing, &drawing->model->connections[i], place->ranks[i]);
	}
	for (size_t i = 0; i < place->step_count; i++) {
		fprintf(drawing->out, "    vm%u -> vm%u [style=invis];\n", place->steps[i].from,
		        place->steps[i].to);
	}
}

static void put_count(FILE *out, size_t count, const char *what)
{
	fprintf(out, "%zu %s%s", count, what, count == 1 ? "" : "s");
}

static void put_title(const struct drawing *drawing)
{
	const struct model *model = drawing->model;
	FILE *out = drawing->out;

	fputs("  label=<<FONT POINT-SIZE=\"20\"><B>", out);
	draw_text(out, model->name);
	fputs("</B></FONT><BR/>" SMALL, out);
	put_count(out, model->vm_count, "VM");
	fputs(" · ", out);
	put_count(out, model->connection_count, "connection");
	fputs(" · ", out);
	draw_text(out, model->board->name);
	if (model->connection_count != 0) {
		fputs(" · arrows lead from the VM that serves to the one that is served", out);
	}
	if (drawing->large && model->connection_count != 0) {
		fprintf(out,
		        ":<BR/>%s%sthrough a pool of 8 MiB, where nothing else is said; arrows of "
		        "one VM have one colour",
		        drawing->common, drawing->common[0] == '\0' ? "" : " ");
	}
	fputs("</FONT><BR/> >;\n", out);
}

/* How Graphviz is to go about it: in columns from left to right, or, for a web, by forces. To lead
 * arrows round the boxes takes it minutes for some hundred of them. */
static void put_layout(const struct drawing *drawing)
{
	if (drawing->place.web) {
		fprintf(drawing->out,
		        "layout=fdp, K=1, overlap=prism, overlap_scaling=-4, sep=\"+12\", "
		        "splines=%s",
		        drawing->model->vm_count <= CURVES_VMS ? "true" : "line");
	} else {
		fprintf(drawing->out, "rankdir=LR, nodesep=%s, ranksep=%s",
		        drawing->large ? "0.15" : "0.35", drawing->large ? "0.5" : "0.6");
	}
}

void draw_print(const struct model *model, FILE *out)
{
	struct arena *arena = arena_new();
	bool large = model->vm_count > DRAW_LARGE_VMS;
	struct drawing drawing = {
		.model = model,
		.out = out,
		.arena = arena,
		.large = large,
		.common = large ? common_types(model, arena) : "",
		.bundle = find_bundles(model, arena),
		.place = draw_place(model, arena),
	};

	fputs("digraph topology {\n  graph [", out);
	put_layout(&drawing);
	fprintf(out,
	        ", labelloc=t, fontname=\"Helvetica,Arial,sans-serif\", pad=0.3, "
	        "bgcolor=\"#ffffff\"];\n"
	        "  node [shape=plain, fontname=\"Helvetica,Arial,sans-serif\"];\n"
	        "  edge [fontname=\"Helvetica,Arial,sans-serif\", fontsize=%u, penwidth=1.4, "
	        "arrowsize=0.8, color=\"#374151\"];\n",
	        large ? 10U : 12U);
	put_title(&drawing);
	fputs("  subgraph cluster_kernel {\n"
	      "    style=\"rounded,filled\"; color=\"#9ca3af\"; fillcolor=\"#fafafa\"; "
	      "penwidth=1.5; margin=18; labelloc=b; fontsize=12; fontcolor=\"#4b5563\";\n"
	      "    label=\"kernel: the only trusted code that all of them share\";\n",
	      out);
	put_vms(&drawing);
	put_connections(&drawing);
	put_restarts(&drawing);
	fputs("  }\n}\n", out);
	arena_free(arena);
}
