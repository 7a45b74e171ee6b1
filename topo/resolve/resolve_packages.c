/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packages: a root file system of Debian's packages. Here is read which; a tool makes it when the
 * system is built (topo/commands/packages.c), and until then nothing of it is known but its packages.
 */
#include <string.h>

#include "topo/resolve/resolve_internal.h"

#define PACKAGES_MAX 256U
#define NAME_BYTES_MAX 128U
#define NAME_FIRST "abcdefghijklmnopqrstuvwxyz0123456789"
#define SUITE_LETTERS "abcdefghijklmnopqrstuvwxyz-"

/* NAME, or NAME/SUITE, as apt takes it: debian-policy 5.6.1. */
static bool is_name(const char *text)
{
	const size_t name = strspn(text, NAME_FIRST "+.-");
	const char *suite = text + name;

	if (name < 2 || strspn(text, NAME_FIRST) == 0 || strlen(text) > NAME_BYTES_MAX) {
		return false;
	}
	return *suite == '\0' || (*suite == '/' && suite[1] != '\0' &&
	                          suite[1 + strspn(suite + 1, SUITE_LETTERS)] == '\0');
}

static bool is_twice(const struct vm_image *image, const char *name)
{
	bool found = false;

	for (size_t i = 0; i < image->package_count && !found; i++) {
		found = strcmp(image->packages[i].name, name) == 0;
	}
	return found;
}

static void add_package(struct resolver *resolver, struct vm_image *image, const struct value *item)
{
	const char *name = NULL;

	if (!value_string(&resolver->evaluator, item, "an entry of packages", &name)) {
		return;
	}
	if (!is_name(name)) {
		diag_error(resolver->diag, item->place, "'%.40s%s' cannot be the name of a package",
		           name, strlen(name) > 40 ? "..." : "");
		diag_help(
			resolver->diag,
			"one is of small letters, digits, '+', '-' and '.'; behind '/' may be the "
			"suite: \"NAME/bookworm-backports\"");
	} else if (is_twice(image, name)) {
		diag_error(resolver->diag, item->place, "'%s' is named twice", name);
	} else {
		*ARENA_ADD(resolver->arena, image->packages, image->package_count) =
			(struct vm_package){name, item->place};
	}
}

bool resolve_packages(struct resolver *resolver, struct vm_image *image, const struct value *value)
{
	const size_t errors = diag_count(resolver->diag, SEVERITY_ERROR);

	if (value->kind != VALUE_LIST) {
		diag_error(resolver->diag, value->place, "packages is a list, not %s",
		           value_kind_name(value->kind));
		diag_help(resolver->diag, "[\"nginx-light\"]");
	} else if (value->of.list.count > PACKAGES_MAX) {
		diag_error(resolver->diag, value->place, "packages has more than %u entries",
		           PACKAGES_MAX);
	} else {
		for (size_t i = 0; i < value->of.list.count; i++) {
			add_package(resolver, image, &value->of.list.items[i]);
		}
		if (value->of.list.count == 0 && !value->of.list.partial) {
			diag_error(resolver->diag, value->place, "packages names none");
		}
	}
	packages_find *find = resolver->input->find_packages;
	const bool good =
		image->package_count != 0 && diag_count(resolver->diag, SEVERITY_ERROR) == errors;

	image->package_count = good ? image->package_count : 0;
	image->rootfs_unmade = good;
	image->rootfs = good && find != NULL ? find(resolver->arena, image)
	                                     : "the root file system of its packages";
	return good;
}
