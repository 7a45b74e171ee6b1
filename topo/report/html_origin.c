/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of the HTML report: what its words mean, since a reader may have nothing else, and what it
 * was made from.
 */
#include "lib/bits.h"
#include "topo/report/html.h"

static const struct {
	const char *word;
	const char *meaning;
} words[] = {
	{"topology",
         "the file that says which virtual machines (VMs) there are, what hardware each has, "
         "and which serves devices to which. What no line of it grants does not exist."},
	{"device VM, driver VM, hybrid",
         "a VM that serves devices to another; one that is served; one "
         "that does both."},
	{"connection",
         "what joins a device VM and a driver VM: memory that the two share, two pages of "
         "control, and doorbells. No third VM reaches any of it."},
	{"pool",
         "the part of a driver VM's memory that its device VM sees. Without one it sees all of it."},
	{"falls",
         "a VM falls when an attacker takes it over by an exploit: its kernel, its programs and "
         "its monitor are his. Answers count how many must fall, one after the other."},
	{"entrance, asset",
         "where an attack can begin, and what it is after: as the topology marks them, "
         "or else as the summary says."},
	{"held",
         "a VM is held that has fallen, or whose whole memory can be read and written from one "
         "that has fallen."},
	{"exposes", "memory of a VM that other VMs can read and write."},
	{"DMA",
         "memory access by a device itself. It is confined where the board has an SMMU in front of "
         "the device; a device whose DMA is not confined reaches the memory of all VMs."},
	{"not covered",
         "timing channels, and faults of the kernel, of firmware and of hardware, which are "
         "trusted; what the topology does not say, such as passwords and programs."},
};

void html_print_words(const struct page *page)
{
	fputs("<dl>\n", page->out);
	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		fprintf(page->out, "<dt>%s</dt><dd>%s</dd>\n", words[i].word, words[i].meaning);
	}
	fputs("</dl>\n", page->out);
}

void html_print_origin(const struct page *page)
{
	static const char *const head[] = {"File", "Path", "SHA-256", NULL};
	const struct report_origin *origin = page->report->origin;

	html_paragraph(page,
	               arena_printf(page->arena,
	                            "Computed from the topology alone, by topo %s, %s, in %s:",
	                            origin->version, origin->date, origin->directory));
	fputs("<pre>", page->out);
	html_text(page->out, origin->command);
	fputs("</pre>\n", page->out);
	html_paragraph(page,
	               "The same command on the same files gives the same answers. What a built "
	               "image really grants is read back by `topo verify IMAGE TOPOLOGY`.");
	html_open_table(page, head);
	for (size_t i = 0; i < origin->count; i++) {
		const struct origin_file *file = &origin->files[i];

		fputs("<tr>", page->out);
		html_cell(page, "k", file->what);
		html_cell(page, "w",
		          file->source == NULL
		                  ? file->path
		                  : arena_printf(page->arena, "%s: %s", file->path, file->source));
		html_cell(page, file->digest != NULL ? "h" : "",
		          file->digest != NULL ? file->digest : file->why);
		fputs("</tr>\n", page->out);
	}
	html_close_table(page);
}
