/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The figure of the HTML report. Columns from left to right: VMs that are held after one fall, two
 * falls, and so on; so what stands to the right is deeper inside. Within a column VMs stand near
 * those that they are connected with. `topo graph` draws the topology itself.
 */
#include <stdlib.h>
#include <string.h>

#include "topo/analysis/parts.h"
#include "topo/report/html.h"

#define FIGURE_VMS_MAX 64U
#define FIGURE_COLUMNS_MAX 12U /* farther ones share the last */

#define BOX_WIDTH 128
#define BOX_HEIGHT 46
#define COLUMN_STEP 188
#define ROW_STEP 66
#define MARGIN 26
#define TOP 52

struct spot {
	uint32_t vm;
	uint32_t column;
	double weight; /* mean row of its neighbours in the column before */
	int x, y;
};

struct figure {
	const struct analysis *analysis;
	struct spot spots[FIGURE_VMS_MAX]; /* by VM */
	uint32_t column_count;
	uint32_t tallest;
	bool never; /* the last column is of VMs that are never held */
};

/* Columns without VMs are left out. */
static void choose_columns(struct figure *figure)
{
	const struct analysis *analysis = figure->analysis;
	uint32_t count = analysis->graph->vm_count;
	uint32_t next = 0;

	for (uint32_t falls = 1; falls <= count; falls++) {
		uint32_t column = next < FIGURE_COLUMNS_MAX ? next : FIGURE_COLUMNS_MAX - 1;
		bool any = false;

		for (uint32_t vm = 0; vm < count; vm++) {
			if (analysis->vms[vm].falls == falls) {
				figure->spots[vm].column = column;
				any = true;
			}
		}
		next = any ? column + 1 : next;
	}
	for (uint32_t vm = 0; vm < count; vm++) {
		if (analysis->vms[vm].falls == FALLS_NEVER) {
			figure->spots[vm].column = next;
			figure->never = true;
		}
	}
	figure->column_count = next + (figure->never ? 1 : 0);
}

static int compare_spots(const void *left, const void *right)
{
	const struct spot *a = *(struct spot *const *)left;
	const struct spot *b = *(struct spot *const *)right;

	if (a->weight < b->weight || a->weight > b->weight) {
		return a->weight < b->weight ? -1 : 1;
	}
	return (a->vm > b->vm) - (a->vm < b->vm);
}

/* Mean height of the VMs connected with @vm that have a place already. */
static double weigh(const struct figure *figure, uint32_t vm, uint32_t column)
{
	const struct links *links = &figure->analysis->links;
	double sum = 0;
	unsigned count = 0;

	for (size_t i = 0; i < links->link_count; i++) {
		const struct link *link = &links->links[i];
		uint32_t other = link->device == vm ? link->driver : link->device;

		if ((link->device == vm || link->driver == vm) &&
		    figure->spots[other].column < column) {
			sum += figure->spots[other].y;
			count++;
		}
	}
	return count == 0 ? 0 : sum / count;
}

static void place_column(struct figure *figure, uint32_t column)
{
	struct spot *sorted[FIGURE_VMS_MAX] = {NULL};
	uint32_t count = 0;

	for (uint32_t vm = 0; vm < figure->analysis->graph->vm_count; vm++) {
		if (figure->spots[vm].column == column) {
			figure->spots[vm].vm = vm;
			figure->spots[vm].weight = weigh(figure, vm, column);
			sorted[count++] = &figure->spots[vm];
		}
	}
	qsort(sorted, count, sizeof(*sorted), compare_spots);
	int top = TOP + (int)(figure->tallest - count) * ROW_STEP / 2;

	for (uint32_t row = 0; row < count; row++) {
		sorted[row]->x = MARGIN + (int)column * COLUMN_STEP;
		sorted[row]->y = top + (int)row * ROW_STEP;
	}
}

static void place(struct figure *figure)
{
	uint32_t counts[FIGURE_VMS_MAX + 2] = {0};

	for (uint32_t vm = 0; vm < figure->analysis->graph->vm_count; vm++) {
		uint32_t count = ++counts[figure->spots[vm].column];

		figure->tallest = count > figure->tallest ? count : figure->tallest;
	}
	for (uint32_t column = 0; column < figure->column_count; column++) {
		place_column(figure, column);
	}
}

/* The head of an arrow that points left (-1) or right (1) at a box. */
static void draw_head(FILE *out, int x, int y, int direction, bool red)
{
	fprintf(out, "<path class=\"%s\" d=\"M%d %dl%d -4v8z\"/>", red ? "hr" : "h", x, y,
	        -8 * direction);
}

/* From the device VM to the driver VM, whose end has the arrow. */
static void draw_link(const struct figure *figure, const struct link *link, FILE *out)
{
	const struct spot *from = &figure->spots[link->device];
	const struct spot *to = &figure->spots[link->driver];
	bool same = from->column == to->column;
	bool right = from->column < to->column || same;
	int x1 = from->x + (right ? BOX_WIDTH : 0);
	int x2 = to->x + (right && !same ? 0 : BOX_WIDTH);
	int y1 = from->y + BOX_HEIGHT / 2 + (same && to->y > from->y ? 8 : same ? -8 : 0);
	int y2 = to->y + BOX_HEIGHT / 2 + (same && to->y > from->y ? -8 : same ? 8 : 0);
	int bend = same ? 40 : (right ? 28 : -28);

	fprintf(out, "<path class=\"e%s\" d=\"M%d %dC%d %d %d %d %d %d\"><title>",
	        link->whole_ram ? " r" : "", x1, y1, x1 + bend, y1, x2 + (same ? bend : -bend), y2,
	        x2, y2);
	html_text(out, vm_name_of(figure->analysis, link->device));
	fputs(" serves ", out);
	html_text(out, vm_name_of(figure->analysis, link->driver));
	fputs(link->whole_ram ? " and has all its RAM</title></path>" : "</title></path>", out);
	draw_head(out, x2, y2, right && !same ? 1 : -1, link->whole_ram);
}

static void draw_vm(const struct figure *figure, uint32_t vm, FILE *out)
{
	const struct analysis *analysis = figure->analysis;
	const struct vm_analysis *row = &analysis->vms[vm];
	const struct spot *spot = &figure->spots[vm];

	fprintf(out,
	        "<rect class=\"vm%s%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"7\"/>"
	        "<text x=\"%d\" y=\"%d\"%s>",
	        row->asset ? " as" : "", row->entrance ? " in" : "", spot->x, spot->y, BOX_WIDTH,
	        BOX_HEIGHT, spot->x + 12, spot->y + 20,
	        strnlen(vm_name_of(analysis, vm), 18) > 15
	                ? " textLength=\"106\" lengthAdjust=\"spacingAndGlyphs\""
	                : "");
	html_text(out, vm_name_of(analysis, vm));
	fprintf(out, "</text><text class=\"s\" x=\"%d\" y=\"%d\">%s", spot->x + 12, spot->y + 36,
	        role_name(row->role));
	if (hardware_has_all(&row->hardware)) {
		fputs("<tspan class=\"d\">, DMA to all</tspan></text>\n", out);
		return;
	}
	for (unsigned kind = 0, shown = 0; kind < HARDWARE_KIND_COUNT && shown < 2; kind++) {
		if ((row->hardware.kinds >> kind & 1U) != 0) {
			fprintf(out, ", %s", hardware_kind_name((enum hardware_kind)kind));
			shown++;
		}
	}
	fputs("</text>\n", out);
}

static void draw_columns(const struct figure *figure, int height, FILE *out)
{
	for (uint32_t column = 0; column < figure->column_count; column++) {
		int x = MARGIN + (int)column * COLUMN_STEP;
		uint32_t falls = FALLS_NEVER;

		for (uint32_t vm = 0; vm < figure->analysis->graph->vm_count; vm++) {
			if (figure->spots[vm].column == column &&
			    figure->analysis->vms[vm].falls < falls) {
				falls = figure->analysis->vms[vm].falls;
			}
		}
		fprintf(out,
		        "<rect class=\"col\" x=\"%d\" y=\"0\" width=\"%d\" height=\"%d\" rx=\"9\"/>"
		        "<text class=\"s\" x=\"%d\" y=\"24\">",
		        x - 12, BOX_WIDTH + 24, height, x);
		if (falls == FALLS_NEVER) {
			fputs("never held</text>\n", out);
		} else {
			fprintf(out, "held after %u fall%s</text>\n", falls, falls == 1 ? "" : "s");
		}
	}
}

bool html_figure(const struct analysis *analysis, FILE *out)
{
	if (analysis->graph->vm_count > FIGURE_VMS_MAX) {
		return false;
	}
	struct figure *figure = arena_alloc(analysis->arena, sizeof(*figure));

	figure->analysis = analysis;
	choose_columns(figure);
	place(figure);
	int width = 2 * MARGIN + (int)(figure->column_count - 1) * COLUMN_STEP + BOX_WIDTH + 40;
	int height = TOP + (int)figure->tallest * ROW_STEP;

	fprintf(out,
	        "<svg viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\" "
	        "aria-label=\"VMs by the number of VMs that must fall\">\n",
	        width, height, width);
	draw_columns(figure, height, out);
	for (size_t i = 0; i < analysis->links.link_count; i++) {
		draw_link(figure, &analysis->links.links[i], out);
	}
	fputc('\n', out);
	for (uint32_t vm = 0; vm < analysis->graph->vm_count; vm++) {
		draw_vm(figure, vm, out);
	}
	fputs("</svg>\n", out);
	return true;
}
