/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VM boots. The names that CAmkES has as defaults, "linux" and "linux-initrd", mean the
 * project's own; everything else is a file beside the topology that names it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/bits.h"
#include "topo/base/suggest.h"
#include "topo/diag/source.h"
#include "topo/resolve/resolve_internal.h"
#include "topo/rootfs/archive.h"
#include "topo/rootfs/rootfs.h"

#define OWN_KERNEL "linux"
#define OWN_INITRD "linux-initrd"

/* What a vm_image_config says, before it is decided what follows from it. */
struct image_words {
	const char *kernel;
	const char *initrd;
	const char *rootfs;
	const struct value *packages;
	const char *dtb;
	const char *cmdline;
	struct place kernel_place;
	struct place initrd_place;
	struct place rootfs_place;
	struct place dtb_place;
	struct place cmdline_place;
	bool provide_initrd;
	bool provide_dtb;
	bool generate_dtb;
	bool generate_dtb_given;
	bool one_to_one;
	struct place one_to_one_place;
};

enum image_key {
	KEY_KERNEL,
	KEY_INITRD,
	KEY_ROOTFS,
	KEY_PACKAGES,
	KEY_DTB,
	KEY_CMDLINE,
	KEY_PROVIDE_INITRD,
	KEY_PROVIDE_DTB,
	KEY_GENERATE_DTB,
	KEY_ONE_TO_ONE,
	KEY_NOTHING
};

static const struct {
	const char *name;
	enum image_key key;
} image_keys[] = {
	{"kernel_name", KEY_KERNEL},
	{"initrd_name", KEY_INITRD},
	{"rootfs", KEY_ROOTFS},
	{"packages", KEY_PACKAGES},
	{"dtb_name", KEY_DTB},
	{"kernel_bootcmdline", KEY_CMDLINE},
	{"provide_initrd", KEY_PROVIDE_INITRD},
	{"provide_dtb", KEY_PROVIDE_DTB},
	{"generate_dtb", KEY_GENERATE_DTB},
	{"map_one_to_one", KEY_ONE_TO_ONE},
	{"kernel_stdout", KEY_NOTHING}, /* the console is always the VM's UART */
	{"clean_cache", KEY_NOTHING},   /* always done */
	{"dtb_base_name", KEY_NOTHING},
	{"vm_name", KEY_NOTHING}, /* vm_name of the VM is read */
	{"linux_name", KEY_KERNEL},
	{"linux_bootcmdline", KEY_CMDLINE},
	{"linux_stdout", KEY_NOTHING},
};

#define IMAGE_KEY_COUNT (ARRAY_COUNT(image_keys))

const char *resolve_path(struct resolver *resolver, const char *name, struct place place)
{
	const char *directory = place.file == NULL ? "." : place.file->directory;
	const char *path = name;

	if (name[0] != '/' && strcmp(directory, ".") != 0) {
		path = arena_printf(resolver->arena, "%s/%s", directory, name);
	}
	char *real = realpath(path, NULL);

	if (real == NULL) {
		return path;
	}
	const char *kept = arena_copy(resolver->arena, real, strlen(real));

	free(real);
	return kept;
}

bool resolve_file_exists(struct resolver *resolver, const char *path, const char *what,
                         struct place place, const char *help)
{
	struct stat status;
	const char *why = NULL;

	if (stat(path, &status) != 0 || access(path, R_OK) != 0) {
		why = strerror(errno);
	} else if (!S_ISREG(status.st_mode)) {
		why = "it is not a regular file";
	}
	if (why != NULL && rule_report(resolver->rules, &rule_file_missing, place,
	                               "cannot read the %s '%s': %s", what, path, why)) {
		diag_help(resolver->diag, "a path counts from where this file lies; %s", help);
	}
	return why == NULL;
}

static void take_entry(struct resolver *resolver, struct image_words *words,
                       const struct value_entry *entry, enum image_key key)
{
	struct evaluator *evaluator = &resolver->evaluator;
	const struct value *value = &entry->value;
	const char *what = entry->key.text;

	switch (key) {
	case KEY_KERNEL:
		words->kernel_place = value->place;
		value_string(evaluator, value, what, &words->kernel);
		break;
	case KEY_INITRD:
		words->initrd_place = value->place;
		value_string(evaluator, value, what, &words->initrd);
		break;
	case KEY_ROOTFS:
		words->rootfs_place = value->place;
		value_string(evaluator, value, what, &words->rootfs);
		break;
	case KEY_PACKAGES:
		words->packages = value;
		break;
	case KEY_DTB:
		words->dtb_place = value->place;
		value_string(evaluator, value, what, &words->dtb);
		break;
	case KEY_CMDLINE:
		words->cmdline_place = value->place;
		value_string(evaluator, value, what, &words->cmdline);
		break;
	case KEY_PROVIDE_INITRD:
		value_bool(evaluator, value, what, &words->provide_initrd);
		break;
	case KEY_PROVIDE_DTB:
		value_bool(evaluator, value, what, &words->provide_dtb);
		break;
	case KEY_GENERATE_DTB:
		words->generate_dtb_given = true;
		value_bool(evaluator, value, what, &words->generate_dtb);
		break;
	case KEY_ONE_TO_ONE:
		words->one_to_one_place = value->place;
		value_bool(evaluator, value, what, &words->one_to_one);
		break;
	case KEY_NOTHING:
		break;
	}
}

static void read_entry(struct resolver *resolver, struct image_words *words,
                       const struct value_entry *entry)
{
	struct suggest suggest = suggest_start(entry->key.text);

	for (size_t i = 0; i < IMAGE_KEY_COUNT; i++) {
		if (strcmp(image_keys[i].name, entry->key.text) == 0) {
			take_entry(resolver, words, entry, image_keys[i].key);
			return;
		}
		suggest_consider(&suggest, image_keys[i].name);
	}
	if (rule_report(resolver->rules, &rule_unknown_attribute, entry->key.place,
	                "vm_image_config has no '%s'", entry->key.text) &&
	    suggest.best != NULL) {
		diag_help(resolver->diag, "did you mean '%s'?", suggest.best);
	}
}

static bool names_file(const char *name, const char *own)
{
	return name != NULL && name[0] != '\0' && strcmp(name, own) != 0;
}

static void decide_kernel(struct resolver *resolver, struct vm_image *image,
                          const struct image_words *words)
{
	image->own_kernel = !names_file(words->kernel, OWN_KERNEL);
	if (!image->own_kernel) {
		image->kernel = resolve_path(resolver, words->kernel, words->kernel_place);
		resolve_file_exists(resolver, image->kernel, "kernel", words->kernel_place,
		                    "without kernel_name the VM boots the project's own Linux");
	}
}

/* What the kernel makes of the initrd. The project's own unpacks gzip and nothing else. */
static void measure_initrd(struct resolver *resolver, struct vm_image *image, struct place place)
{
	struct archive archive;

	if (!archive_measure(image->initrd, &archive)) {
		return;
	}
	if (!archive.broken) {
		image->initrd_bytes.file = archive.file_bytes;
		image->initrd_bytes.unpacked = archive.unpacked_bytes;
	}
	const bool empty = archive.file_bytes == 0;

	if (!image->own_kernel || (!archive.broken && archive.packed == NULL && !empty)) {
		return;
	}
	if (empty) {
		rule_report(resolver->rules, &rule_initrd_unpacked, place,
		            "the initrd '%s' is empty", image->initrd);
	} else if (archive.packed != NULL) {
		rule_report(
			resolver->rules, &rule_initrd_unpacked, place,
			"the initrd '%s' is packed by %s, and the project's kernel unpacks gzip",
			image->initrd, archive.packed);
	} else {
		rule_report(resolver->rules, &rule_initrd_unpacked, place,
		            "the initrd '%s' is no archive that the kernel can unpack to its end",
		            image->initrd);
	}
}

static const char *copy_text(struct arena *arena, const char *text)
{
	return text == NULL ? NULL : arena_copy(arena, text, strlen(text));
}

/* @from, which lies elsewhere, in @arena. */
static struct vm_command copy_command(struct arena *arena, const struct vm_command *from)
{
	struct vm_command to = {
		.directory = copy_text(arena, from->directory),
		.user = copy_text(arena, from->user),
	};

	for (size_t i = 0; i < from->word_count; i++) {
		*ARENA_ADD(arena, to.words, to.word_count) = copy_text(arena, from->words[i]);
	}
	for (size_t i = 0; i < from->env_count; i++) {
		*ARENA_ADD(arena, to.env, to.env_count) = copy_text(arena, from->env[i]);
	}
	return to;
}

/* A directory or an archive of tar: what it holds is read, and what it needs is known from then on. */
static void read_rootfs(struct resolver *resolver, struct vm_image *image, struct place place)
{
	struct rootfs rootfs;
	struct arena *arena = arena_new();

	if (rootfs_read(arena, image->rootfs, &rootfs)) {
		image->initrd_bytes.file = rootfs.archive_bytes;
		image->initrd_bytes.unpacked = rootfs.unpacked_bytes;
		image->rootfs_init = rootfs.init; /* a constant */
		image->command = copy_command(resolver->arena, &rootfs.command);
	} else if (rule_report(resolver->rules, &rule_rootfs_unusable, place,
	                       "the root file system '%s' cannot be used: %s", image->rootfs,
	                       rootfs.why)) {
		diag_help(resolver->diag, "it is a directory, or an archive of tar, plain or "
		                          "packed by gzip, xz, zstd or lzma; either may hold a "
		                          "container image");
		if (strstr(image->rootfs, "://") != NULL) {
			diag_help(resolver->diag,
			          "no registry is asked: `skopeo copy --override-arch arm64 "
			          "docker://NAME oci:DIR` fetches an image into the directory DIR");
		}
	}
	rootfs_free(&rootfs);
	arena_free(arena);
}

static void decide_rootfs(struct resolver *resolver, struct vm_image *image,
                          const struct image_words *words)
{
	if (words->rootfs != NULL) {
		image->rootfs = resolve_path(resolver, words->rootfs, words->rootfs_place);
		read_rootfs(resolver, image, words->rootfs_place);
	} else if (resolve_packages(resolver, image, words->packages) && !image->rootfs_unmade) {
		read_rootfs(resolver, image, words->packages->place);
	}
}

/* Whether more is named than one root file system; told then. */
static bool is_ambiguous(struct resolver *resolver, const struct image_words *words)
{
	if (words->rootfs != NULL && words->packages != NULL) {
		diag_error(resolver->diag, words->packages->place,
		           "a root file system is either named or made of packages");
		diag_help(resolver->diag, "leave out rootfs, or packages");
	} else if (words->initrd != NULL && (words->rootfs != NULL || words->packages != NULL)) {
		diag_error(resolver->diag,
		           words->rootfs != NULL ? words->rootfs_place : words->packages->place,
		           "a VM has either a rootfs or an initrd");
		diag_help(resolver->diag, "leave out initrd_name");
	} else {
		return false;
	}
	return true;
}

static void decide_initrd(struct resolver *resolver, struct vm_image *image,
                          const struct image_words *words)
{
	bool none = !words->provide_initrd || (words->initrd != NULL && words->initrd[0] == '\0');

	if (!is_ambiguous(resolver, words) && !none &&
	    (words->rootfs != NULL || words->packages != NULL)) {
		decide_rootfs(resolver, image, words);
		return;
	}
	image->own_rootfs = !none && !names_file(words->initrd, OWN_INITRD);
	if (!none && !image->own_rootfs) {
		image->initrd = resolve_path(resolver, words->initrd, words->initrd_place);
		if (resolve_file_exists(
			    resolver, image->initrd, "initrd", words->initrd_place,
			    "without initrd_name the VM boots the project's own root file system")) {
			measure_initrd(resolver, image, words->initrd_place);
		}
	}
}

/* The tree is generated unless one is provided; one that is only named is provided. */
static void decide_dtb(struct resolver *resolver, struct vm_image *image,
                       const struct image_words *words)
{
	bool named = words->dtb != NULL && words->dtb[0] != '\0';

	if (!named || !words->provide_dtb) {
		return;
	}
	if (words->generate_dtb_given && words->generate_dtb) {
		diag_error(resolver->diag, words->dtb_place,
		           "a device tree is either generated or provided");
		diag_help(resolver->diag, "leave out dtb_name, or generate_dtb");
		return;
	}
	image->dtb = resolve_path(resolver, words->dtb, words->dtb_place);
	resolve_file_exists(resolver, image->dtb, "device tree", words->dtb_place,
	                    "without dtb_name the VM has a generated one");
}

void resolve_image_config(struct resolver *resolver, size_t vm, const struct value *value)
{
	struct vm_image *image = &resolver->topology->model.vms[vm].image;
	struct image_words words = {.provide_initrd = true, .provide_dtb = true};

	if (value->kind != VALUE_DICT) {
		diag_error(resolver->diag, value->place, "vm_image_config is a dict, not %s",
		           value_kind_name(value->kind));
		diag_help(resolver->diag, "{ kernel_bootcmdline: \"console=ttyAMA0\" }");
		return;
	}
	for (size_t i = 0; i < value->of.dict.count; i++) {
		read_entry(resolver, &words, &value->of.dict.entries[i]);
	}
	*image = (struct vm_image){.place = value->place};
	decide_kernel(resolver, image, &words);
	resolver->topology->vm_origins[vm].kernel_place = words.kernel_place;
	decide_initrd(resolver, image, &words);
	decide_dtb(resolver, image, &words);
	if (words.cmdline != NULL) {
		image->cmdline = words.cmdline;
		resolver->topology->vm_origins[vm].given[VM_CMDLINE] = words.cmdline_place;
	}
	if (words.one_to_one) {
		rule_report(resolver->rules, &rule_no_meaning, words.one_to_one_place,
		            "map_one_to_one has no meaning yet: topo places physical memory");
	}
}
