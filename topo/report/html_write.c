/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pieces of HTML that all sections are put together from.
 */
#include <string.h>

#include "topo/analysis/parts.h"
#include "topo/base/utf8.h"
#include "topo/report/html.h"

void html_text(FILE *out, const char *text)
{
	struct utf8_look look;

	for (size_t left = strlen(text); left != 0; left -= look.bytes, text += look.bytes) {
		utf8_look_at(text, left, &look);
		if (look.text != NULL) {
			fputs(look.text, out);
		} else if (strchr("&<>\"'", *text) != NULL) {
			fprintf(out, "&#%u;", (unsigned char)*text);
		} else {
			fwrite(text, 1, look.bytes, out);
		}
	}
}

const char *html_falls_class(uint32_t falls)
{
	static const char *const classes[] = {"f1", "f1", "f2", "f3"};

	return falls == FALLS_NEVER ? "never" : falls < 4 ? classes[falls] : "f4";
}

/* A cell; @class "" for an ordinary one. */
void html_cell(const struct page *page, const char *class, const char *text)
{
	fprintf(page->out, class[0] == '\0' ? "<td>" : "<td class=\"%s\">", class);
	html_text(page->out, text);
	fputs("</td>", page->out);
}

void html_cell_falls(const struct page *page, const char *text, uint32_t falls)
{
	fprintf(page->out, "<td class=\"c\"><span class=\"badge %s\">%s</span></td>",
	        html_falls_class(falls), text);
}

void html_cell_vms(const struct page *page, const struct vm_list *list)
{
	html_cell(page, "",
	          list->count == 0 ? "–" : vm_list_text(page->analysis, list, HTML_NAMES_MAX));
}

/* The head of a table; a name that begins with # or + is that of numbers or marks. */
void html_open_table(const struct page *page, const char *const *head)
{
	fputs("<div class=\"scroll\"><table><thead><tr>", page->out);
	for (; *head != NULL; head++) {
		bool number = (*head)[0] == '#';
		bool mark = (*head)[0] == '+';

		fputs(number ? "<th class=\"n\">" : mark ? "<th class=\"c\">" : "<th>", page->out);
		html_text(page->out, *head + (number || mark ? 1 : 0));
		fputs("</th>", page->out);
	}
	fputs("</tr></thead><tbody>\n", page->out);
}

void html_close_table(const struct page *page)
{
	fputs("</tbody></table></div>\n", page->out);
}

void html_paragraph(const struct page *page, const char *text)
{
	fputs("<p>", page->out);
	html_text(page->out, text);
	fputs("</p>\n", page->out);
}
